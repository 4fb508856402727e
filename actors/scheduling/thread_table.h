// ThreadTable: which actor runs on which thread and core: for display, and for the test that reads
// /proc.
// Depends on base and restart_policy.h. Threads: any. Owned by the runtime.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/scheduling/restart_policy.h"
#include "base/mutex.h"

namespace blue::actors {

struct ActorThread {
  std::string name;  ///< "stage.code"
  ActorKind kind{};
  int thread_id = 0;  ///< the kernel's
  int cpu = -1;       ///< pinned to; -1: not pinned
};

class ThreadTable {
 public:
  /// An actor was spawned; it registers its thread from that thread a little later.
  void expect() {
    const MutexLock lock(mutex_);
    ++n_expected_;
  }
  void bind(ActorThread thread) {
    {
      const MutexLock lock(mutex_);
      threads_.push_back(std::move(thread));
      ++n_taken_;
    }
    taken_.notify_all();
  }
  /// Waits until every actor spawned so far has registered its thread; false on a timeout.
  [[nodiscard]] bool wait_until_bound(std::chrono::nanoseconds patience) {
    const MutexLock lock(mutex_);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    bool has_time = true;
    while (n_taken_ < n_expected_ && has_time) has_time = taken_.wait_until(mutex_, deadline);
    return n_taken_ >= n_expected_;
  }
  void leave(int thread_id, const std::string& name) {
    const MutexLock lock(mutex_);
    std::erase_if(threads_, [&](const ActorThread& thread) {
      return thread.thread_id == thread_id && thread.name == name;
    });
  }
  [[nodiscard]] std::vector<ActorThread> all() const {
    const MutexLock lock(mutex_);
    return threads_;
  }

 private:
  mutable Mutex mutex_;
  ConditionVariable taken_;
  std::vector<ActorThread> threads_ BLUE_GUARDED_BY(mutex_);
  std::uint64_t n_expected_ BLUE_GUARDED_BY(mutex_) = 0;
  std::uint64_t n_taken_ BLUE_GUARDED_BY(mutex_) = 0;
};

}  // namespace blue::actors
