// The conversation with the entropy monitor: which channels to listen at. Samples and hints
// themselves cross rings (rings.h).
//   stage -watch_tokens, unwatch_tokens-> entropy monitor -preempt_stage-> stage
// Depends on base. Plain values.
#pragma once

#include <cstdint>

#include "messages/ids.h"
#include "messages/message.h"

namespace blue::messages {

/// stage -> entropy monitor: a job begins; drain its stage's samples until unwatch_tokens.
struct WatchTokens {
  static constexpr const char* type_name = "watch_tokens";
  TraceContext trace;
  JobNumber job = 0;
  StageId stage_id = 0;
  std::uint32_t max_tokens = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, job, stage_id, max_tokens);
  }
};

/// stage -> entropy monitor: the job has ended; what waits in the ring is still drained.
struct UnwatchTokens {
  static constexpr const char* type_name = "unwatch_tokens";
  TraceContext trace;
  JobNumber job = 0;
  StageId stage_id = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, job, stage_id);
  }
};

/// entropy monitor -> itself: look at the sample rings again.
struct PollSamples {
  static constexpr const char* type_name = "poll_samples";
  static constexpr bool is_poll = true;
  TraceContext trace;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace);
  }
};

/// scheduler -> itself: look at the hint ring again.
struct PollHints {
  static constexpr const char* type_name = "poll_hints";
  static constexpr bool is_poll = true;
  TraceContext trace;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace);
  }
};

}  // namespace blue::messages
