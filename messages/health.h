// The conversation about liveness: stages, watchdog, supervisor. A stage's heartbeat and its
// current job are atomics in its channel.
//   stage -job_began-> entropy monitor, watchdog;  watchdog -stalled-> scheduler
//   supervisor -scheduler_restarted-> cascade, -stage_lost-> scheduler
// Depends on base. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "base/units.h"
#include "messages/ids.h"
#include "messages/message.h"

namespace blue::messages {

/// stage -> entropy monitor, watchdog: the channel has a job now. Wakes a sleeping reader, which
/// reads the job and its end from the channel.
struct JobBegan {
  static constexpr const char* type_name = "job_began";
  TraceContext trace;
  StageId stage_id;
};

/// watchdog -> scheduler: no heartbeat for so long.
struct Stalled {
  static constexpr const char* type_name = "stalled";
  TraceContext trace;
  JobNumber job;
  StageId stage_id;
  Nanoseconds silent_ns = 0;
};

/// supervisor -> cascade: send the pending stage_ready again.
struct SchedulerRestarted {
  static constexpr const char* type_name = "scheduler_restarted";
  TraceContext trace;
};

/// supervisor -> scheduler: a stage's actor died; the job it had is lost.
struct StageLost {
  static constexpr const char* type_name = "stage_lost";
  TraceContext trace;
  StageId stage_id;
  std::uint64_t incarnation = 0;  ///< which of its stage's actors, counted from 1
  std::string error;              ///< one line
};

/// any thread -> supervisor, answered by pong after everything that was sent to it before.
struct Ping {
  static constexpr const char* type_name = "ping";
  TraceContext trace;
};

/// supervisor -> asker.
struct Pong {
  static constexpr const char* type_name = "pong";
  TraceContext trace;
  std::uint32_t n_actors = 0;    ///< alive in its tree
  std::uint32_t n_restarts = 0;  ///< since it began
};

}  // namespace blue::messages
