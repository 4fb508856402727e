// Backoff: how an actor with work in flight polls its rings: it spins for a moment, then sleeps,
// and handles its mailbox between two polls. Without work in flight it does not poll.
// Depends on base. Threads: its actor's.
#pragma once

#include <chrono>
#include <thread>

#include "base/units.h"

namespace blue::actors {

struct Backoff {
  /// False on a deterministic scheduler, where an actor that keeps sending itself messages would
  /// starve all others: rings are then drained with the messages that begin and end work.
  bool is_polling = false;
  Nanoseconds spin_ns = 0;  ///< polls again at once for so long
  Nanoseconds nap_ns = 0;   ///< then sleeps for so long; 0: never

  /// On a core of its own spinning delays no other thread; a wake-up from sleep costs 35-80 µs.
  static constexpr Backoff with_spare_cores() { return {true, 200'000, 50'000}; }
  /// On a core that a stage computes on, every poll takes time from the stage: rare polls.
  static constexpr Backoff on_shared_cores() { return {true, 0, 1'000'000}; }

  /// Spins, then sleeps once, until `has_work()`.
  template <class HasWork>
  void wait(HasWork&& has_work) const {
    if (spin_ns > 0) {
      const Nanoseconds until_ns = monotonic_now_ns() + spin_ns;
      while (monotonic_now_ns() < until_ns) {
        if (has_work()) return;
      }
    }
    if (nap_ns > 0 && !has_work()) std::this_thread::sleep_for(std::chrono::nanoseconds(nap_ns));
  }
};

}  // namespace blue::actors
