#include "actors/watchdog.h"

#include <algorithm>
#include <chrono>

namespace blue::actors {

Watchdog::Watchdog(caf::actor_config& config, RuntimeContext& runtime)
    : PinnedActor(config, runtime, ActorKind::watchdog, "watchdog"),
      watch_(runtime.options.stall_deadline_ns) {}

Watchdog::Behavior Watchdog::make_behavior() {
  bind_thread();
  const auto begin = [this](messages::StageId stage_id, messages::JobNumber job) {
    watch_.begin(stage_id, job,
                 runtime().channels.at(stage_id).heartbeat.load(std::memory_order_relaxed),
                 monotonic_now_ns());
    look_later();
  };
  for (messages::StageId stage_id = 0; stage_id < runtime().channels.size(); ++stage_id) {
    const messages::JobNumber job = runtime().channels.at(stage_id).current_job();
    if (job != 0) begin(stage_id, job);
  }
  return {
      on([begin](const messages::WatchStage& watch) { begin(watch.stage_id, watch.job); }),
      on([this](const messages::UnwatchStage& unwatch) {
        watch_.end(unwatch.stage_id, unwatch.job);
      }),
      on([this](const messages::PollHeartbeats&) {
        is_polling_ = false;
        look();
      }),
  };
}

void Watchdog::look() {
  for (messages::StageId stage_id = 0; stage_id < runtime().channels.size(); ++stage_id) {
    const std::uint64_t heartbeat =
        runtime().channels.at(stage_id).heartbeat.load(std::memory_order_relaxed);
    const auto stall = watch_.look(stage_id, heartbeat, monotonic_now_ns());
    if (!stall) continue;
    messages::Stalled stalled;
    stalled.job = stall->job;
    stalled.stage_id = stage_id;
    stalled.silent_ns = stall->silent_ns;
    send(book().get(&Addresses::scheduler), stalled);
  }
  look_later();
}

void Watchdog::look_later() {
  if (is_polling_ || watch_.is_idle()) return;
  is_polling_ = true;
  // A second at most: a waiting message keeps its receiver alive.
  const std::chrono::nanoseconds delay(
      std::clamp<Nanoseconds>(watch_.deadline_ns() / 4, 1'000'000, 1'000'000'000));
  send_after(WatchdogHandle(this), delay, messages::PollHeartbeats{});
}

}  // namespace blue::actors
