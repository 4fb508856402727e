// Watchdog: owns the deadlines. A job whose stage's heartbeat has not advanced for the runtime's
// stall deadline is reported to the scheduler, which stops it. Checks the channels four times per
// deadline, and only while a job runs; job_began wakes it.
// Depends on actors/. Threads: its own. After a restart it watches what runs, from then on.
#pragma once

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/scheduling/heartbeat_watch.h"

namespace blue::actors {

class Watchdog final : public PinnedActor<WatchdogHandle> {
 public:
  Watchdog(caf::actor_config& config, ActorHost& host, StageChannels& channels,
           Nanoseconds stall_deadline_ns);
  Behavior make_behavior() override;

 private:
  void look();
  void look_later();

  StageChannels& channels_;
  HeartbeatWatch watch_;
  bool is_polling_ = false;
};

}  // namespace blue::actors
