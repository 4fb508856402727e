// The conversation about being alive: stages, watchdog, supervisor. A stage's heartbeat is an
// atomic in its stage's channel.
//   stage -watch_stage, unwatch_stage-> watchdog -stalled-> scheduler -preempt_stage-> stage
//   supervisor -scheduler_restarted-> cascade, -stage_lost-> scheduler
// Depends on base. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "base/units.h"
#include "messages/ids.h"
#include "messages/message.h"

namespace blue::messages {

/// stage -> watchdog: a job begins; its heartbeat must move within the deadline.
struct WatchStage {
  static constexpr const char* type_name = "watch_stage";
  TraceContext trace;
  JobNumber job = 0;
  StageId stage_id = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, job, stage_id);
  }
};

/// stage -> watchdog: the job has ended.
struct UnwatchStage {
  static constexpr const char* type_name = "unwatch_stage";
  TraceContext trace;
  JobNumber job = 0;
  StageId stage_id = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, job, stage_id);
  }
};

/// watchdog -> scheduler: no heartbeat for so long.
struct Stalled {
  static constexpr const char* type_name = "stalled";
  TraceContext trace;
  JobNumber job = 0;
  StageId stage_id = 0;
  Nanoseconds silent_ns = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, job, stage_id, silent_ns);
  }
};

/// supervisor -> cascade: say again what you wait for.
struct SchedulerRestarted {
  static constexpr const char* type_name = "scheduler_restarted";
  TraceContext trace;
  RunNumber run = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run);
  }
};

/// supervisor -> scheduler: a stage's actor died; what it was given is lost.
struct StageLost {
  static constexpr const char* type_name = "stage_lost";
  TraceContext trace;
  StageId stage_id = 0;
  std::uint64_t incarnation = 0;  ///< which of its stage's actors, counted from 1
  std::string error;              ///< one line

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, stage_id, incarnation, error);
  }
};

/// watchdog -> itself: compare the heartbeats again.
struct PollHeartbeats {
  static constexpr const char* type_name = "poll_heartbeats";
  static constexpr bool is_poll = true;
  TraceContext trace;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace);
  }
};

/// anyone -> supervisor, answered by pong once all that was said to it before has been handled.
struct Ping {
  static constexpr const char* type_name = "ping";
  TraceContext trace;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace);
  }
};

/// supervisor -> who asked.
struct Pong {
  static constexpr const char* type_name = "pong";
  TraceContext trace;
  std::uint32_t n_actors = 0;    ///< alive in its tree
  std::uint32_t n_restarts = 0;  ///< since it began

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, n_actors, n_restarts);
  }
};

}  // namespace blue::messages
