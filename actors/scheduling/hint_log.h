// HintLog: the last hints that the scheduler took from its ring, and how many of each kind there
// were: for display.
// Depends on messages' plain parts. Threads: any. Owned by the runtime.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "messages/rings.h"

namespace blue::actors {

inline constexpr std::size_t kHintKinds = 3;

class HintLog {
 public:
  static constexpr std::size_t kKept = 256;

  void add(const messages::HintRecord& hint) {
    const std::lock_guard lock(mutex_);
    ++counts_[static_cast<std::size_t>(hint.kind)];
    recent_.push_back(hint);
    if (recent_.size() > kKept) recent_.pop_front();
  }
  [[nodiscard]] std::vector<messages::HintRecord> recent() const {
    const std::lock_guard lock(mutex_);
    return {recent_.begin(), recent_.end()};
  }
  [[nodiscard]] std::uint64_t count(messages::HintKind kind) const {
    const std::lock_guard lock(mutex_);
    return counts_[static_cast<std::size_t>(kind)];
  }

 private:
  mutable std::mutex mutex_;
  std::array<std::uint64_t, kHintKinds> counts_{};
  std::deque<messages::HintRecord> recent_;
};

}  // namespace blue::actors
