// Watchdog: owns the deadlines. A stage that runs and whose heartbeat has not moved for the
// runtime's stall deadline is reported to the scheduler, which stops it. Looks four times per
// deadline, and only while something runs.
// Depends on actors/. Threads: its own. After a restart it watches whatever runs, from now on.
#pragma once

#include <vector>

#include "actors/handles.h"
#include "actors/pinned_actor.h"
#include "actors/scheduling/heartbeat_watch.h"

namespace blue::actors {

class Watchdog final : public PinnedActor<WatchdogHandle> {
 public:
  Watchdog(caf::actor_config& config, RuntimeContext& runtime);
  Behavior make_behavior() override;

 private:
  void look();
  void look_later();

  HeartbeatWatch watch_;
  bool is_polling_ = false;
};

}  // namespace blue::actors
