// SeatList: which actors sit on which threads and cores: for people, and for the test that reads /proc.
// Depends on base and restart_policy.h. Threads: any. Owned by the fabric.
#pragma once

#include <algorithm>
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
  void take(Seat seat) {
    const std::lock_guard lock(mutex_);
    seats_.push_back(std::move(seat));
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
  std::vector<Seat> seats_;
};

}  // namespace blue::actors
