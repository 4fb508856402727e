// SeatList: which actors sit on which threads and cores: for people, and for the test that reads /proc.
// Depends on base and restart_policy.h. Threads: any. Owned by the fabric.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "actors/logic/restart_policy.h"

namespace blue::actors {

struct Seat {
  std::string name;  ///< "stage.code"
  ActorKind kind{};
  int thread_id = 0;  ///< the kernel's
  int cpu = -1;       ///< pinned to; -1: not pinned
};

class SeatList {
 public:
  /// An actor was spawned; it takes its seat on its own thread a little later.
  void expect() {
    const std::lock_guard lock(mutex_);
    ++n_expected_;
  }
  void take(Seat seat) {
    {
      const std::lock_guard lock(mutex_);
      seats_.push_back(std::move(seat));
      ++n_taken_;
    }
    taken_.notify_all();
  }
  /// Waits until every actor spawned so far has taken its seat; false when that did not happen in time.
  [[nodiscard]] bool wait_until_taken(std::chrono::nanoseconds patience) {
    std::unique_lock lock(mutex_);
    return taken_.wait_for(lock, patience, [&] { return n_taken_ >= n_expected_; });
  }
  void leave(int thread_id, const std::string& name) {
    const std::lock_guard lock(mutex_);
    std::erase_if(seats_, [&](const Seat& seat) { return seat.thread_id == thread_id && seat.name == name; });
  }
  [[nodiscard]] std::vector<Seat> all() const {
    const std::lock_guard lock(mutex_);
    return seats_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable taken_;
  std::vector<Seat> seats_;
  std::uint64_t n_expected_ = 0;
  std::uint64_t n_taken_ = 0;
};

}  // namespace blue::actors
