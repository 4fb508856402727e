#include "actors/watchdog.h"

#include <algorithm>
#include <chrono>

namespace blue::actors {

Watchdog::Watchdog(caf::actor_config& config, Fabric& fabric)
    : SeatedActor(config, fabric, ActorKind::watchdog, "watchdog"),
      watch_(fabric.options.stall_deadline_ns) {}

Watchdog::Behavior Watchdog::make_behavior() {
  take_seat();
  const auto begin = [this](messages::DeskIndex desk, messages::JobNumber job) {
    watch_.begin(desk, job, fabric().desks.at(desk).heartbeat.load(std::memory_order_relaxed),
                 monotonic_now_ns());
    look_later();
  };
  for (messages::DeskIndex desk = 0; desk < fabric().desks.size(); ++desk) {
    const messages::JobNumber job = fabric().desks.at(desk).current_job();
    if (job != 0) begin(desk, job);
  }
  return {
      on([begin](const messages::WatchStage& watch) { begin(watch.desk, watch.job); }),
      on([this](const messages::UnwatchStage& unwatch) { watch_.end(unwatch.desk, unwatch.job); }),
      on([this](const messages::PollHeartbeats&) {
        is_polling_ = false;
        look();
      }),
  };
}

void Watchdog::look() {
  for (messages::DeskIndex desk = 0; desk < fabric().desks.size(); ++desk) {
    const std::uint64_t heartbeat = fabric().desks.at(desk).heartbeat.load(std::memory_order_relaxed);
    const auto stall = watch_.look(desk, heartbeat, monotonic_now_ns());
    if (!stall) continue;
    messages::Stalled stalled;
    stalled.job = stall->job;
    stalled.desk = desk;
    stalled.silent_ns = stall->silent_ns;
    say(book().get(&Addresses::scheduler), stalled);
  }
  look_later();
}

void Watchdog::look_later() {
  if (is_polling_ || watch_.is_idle()) return;
  is_polling_ = true;
  // A second at most: a waiting message keeps its receiver alive.
  const std::chrono::nanoseconds delay(
      std::clamp<Nanoseconds>(watch_.deadline_ns() / 4, 1'000'000, 1'000'000'000));
  say_later(WatchdogHandle(this), delay, messages::PollHeartbeats{});
}

}  // namespace blue::actors
