#include "actors/watchdog.h"

#include <algorithm>
#include <chrono>

namespace blue::actors {

Watchdog::Watchdog(caf::actor_config& config, ActorHost& host, StageChannels& channels,
                   Nanoseconds stall_deadline_ns)
    : PinnedActor(config, host, ActorKind::watchdog, "watchdog"),
      channels_(channels),
      watch_(stall_deadline_ns) {}

Watchdog::Behavior Watchdog::make_behavior() {
  bind_thread();
  look();
  return {
      on([this](const messages::JobBegan&) { look(); }),
      on([this](const messages::LookAgain&) {
        is_polling_ = false;
        look();
      }),
  };
}

void Watchdog::look() {
  const Nanoseconds now_ns = monotonic_now_ns();
  channels_.for_each([&](StageChannel& channel) {
    const std::uint64_t heartbeat = channel.heartbeat.load(std::memory_order_relaxed);
    const auto stall = watch_.look(channel.index, channel.current_job(), heartbeat, now_ns);
    if (!stall) return;
    messages::Stalled stalled;
    stalled.job = stall->job;
    stalled.stage_id = channel.index;
    stalled.silent_ns = stall->silent_ns;
    send(book().get(&Addresses::scheduler), stalled);
  });
  look_later();
}

void Watchdog::look_later() {
  if (is_polling_ || watch_.is_idle()) return;
  is_polling_ = true;
  // A second at most: a waiting message keeps its receiver alive.
  const std::chrono::nanoseconds delay(
      std::clamp<Nanoseconds>(watch_.deadline_ns() / 4, 1'000'000, 1'000'000'000));
  send_after(WatchdogHandle(this), delay, messages::LookAgain{});
}

}  // namespace blue::actors
