// HintLog: the last hints that the scheduler took from its ring, and how many of each kind there
// were: for display.
// Depends on messages' plain parts. Threads: any. Owned by the runtime.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/mutex.h"
#include "messages/rings.h"

namespace blue::actors {

inline constexpr std::size_t kHintKinds = 3;

class HintLog {
 public:
  static constexpr std::size_t kKept = 256;

  void add(const messages::HintRecord& hint) {
    const MutexLock lock(mutex_);
    ++counts_[static_cast<std::size_t>(hint.kind)];
    recent_.push_back(hint);
    if (recent_.size() > kKept) recent_.pop_front();
  }
  [[nodiscard]] std::vector<messages::HintRecord> recent() const {
    const MutexLock lock(mutex_);
    return {recent_.begin(), recent_.end()};
  }
  [[nodiscard]] std::uint64_t count(messages::HintKind kind) const {
    const MutexLock lock(mutex_);
    return counts_[static_cast<std::size_t>(kind)];
  }

 private:
  mutable Mutex mutex_;
  std::array<std::uint64_t, kHintKinds> counts_ BLUE_GUARDED_BY(mutex_){};
  std::deque<messages::HintRecord> recent_ BLUE_GUARDED_BY(mutex_);
};

}  // namespace blue::actors
