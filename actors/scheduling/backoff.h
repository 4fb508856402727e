// Backoff: how an actor with work in flight looks at its rings: it spins for a moment, then naps,
// and between two looks its mailbox gets its turn. Without work in flight it does not poll at all.
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
  Nanoseconds spin_ns = 0;  ///< looks again at once for so long
  Nanoseconds nap_ns = 0;   ///< then sleeps for so long; 0: never

  /// A core of one's own costs nobody anything; a wake-up from sleep costs 35-80 µs.
  static constexpr Backoff with_spare_cores() { return {true, 200'000, 50'000}; }
  /// On a core that a stage computes on, every look is taken from the stage: rare looks.
  static constexpr Backoff on_shared_cores() { return {true, 0, 1'000'000}; }

  /// Waits as the backoff says until `has_work()`, at most once through.
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
