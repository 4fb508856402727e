// The conversation about stages: cascade, scheduler, stage, and those who watch it.
//   cascade -stage_ready-> scheduler -run_stage-> stage -stage_done | stage_preempted | stage_failed-> scheduler -> cascade
//   entropy monitor, scheduler, watchdog -preempt_stage-> stage (urgent; the stop flag is raised beside it)
// Depends on base. Plain values; sampling floats travel as bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/units.h"
#include "messages/ids.h"
#include "messages/message.h"

namespace blue::messages {

/// Why a stage ended without being cut short (models::SessionEnd, less `running`).
enum class StageEnd : std::uint8_t { end_token, token_budget, context_full };
constexpr std::string_view to_text(StageEnd end) {
  switch (end) {
    case StageEnd::end_token: return "end of text";
    case StageEnd::token_budget: return "token budget";
    case StageEnd::context_full: return "context full";
  }
  return "unknown";
}

/// Why a stage was cut short.
enum class PreemptReason : std::uint8_t {
  cancelled,
  repetition,
  entropy_pinned_high,
  entropy_pinned_zero,
  stalled
};
constexpr std::string_view to_text(PreemptReason reason) {
  switch (reason) {
    case PreemptReason::cancelled: return "cancelled";
    case PreemptReason::repetition: return "repetition";
    case PreemptReason::entropy_pinned_high: return "entropy pinned high";
    case PreemptReason::entropy_pinned_zero: return "entropy pinned at zero";
    case PreemptReason::stalled: return "no progress";
  }
  return "unknown";
}

/// How to sample, with floats as bits.
struct SamplingBits {
  static constexpr const char* type_name = "sampling_bits";
  FloatBits temperature;
  std::int32_t top_k = 0;
  FloatBits top_p = FloatBits::of(1.0F);
  FloatBits min_p;
  std::uint64_t seed = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(temperature, top_k, top_p, min_p, seed);
  }
};

/// What a stage measured of itself.
struct StageFigures {
  static constexpr const char* type_name = "stage_figures";
  std::uint32_t n_prompt_tokens = 0;
  std::uint32_t n_cached_tokens =
      0;  ///< of the prompt: their rows stood already from the job before
  std::uint32_t n_tokens = 0;
  Nanoseconds load_ns = 0;    ///< until the model could run; 0 when it could already
  Nanoseconds prompt_ns = 0;  ///< from there to the first token
  Nanoseconds decode_ns = 0;  ///< from the first token to the last
  std::uint64_t mean_entropy_micronats = 0;
  std::uint64_t n_misses = 0;  ///< blocks that had to be waited for

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(n_prompt_tokens, n_cached_tokens, n_tokens, load_ns, prompt_ns, decode_ns,
                 mean_entropy_micronats, n_misses);
  }
};

/// cascade (supervisor, for a single generation) -> scheduler: this stage's inputs stand; give it a
/// processor. Said again after a scheduler's restart; `job` makes it idempotent.
struct StageReady {
  static constexpr const char* type_name = "stage_ready";
  TraceContext trace;
  RunNumber run = 0;
  JobNumber job = 0;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  StageId stage_id = 0;
  std::string model;   ///< path
  std::string system;  ///< system message, may be empty
  std::string prompt;
  std::uint32_t max_tokens = 0;
  SamplingBits sampling;
  std::string next_model;  ///< of the stage after it; empty for the last

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, job, stage, stage_id, model, system, prompt, max_tokens, sampling,
                 next_model);
  }
};

/// scheduler -> stage: do it now. A job that was done already is answered with its end again.
struct RunStage {
  static constexpr const char* type_name = "run_stage";
  TraceContext trace;
  RunNumber run = 0;
  JobNumber job = 0;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  StageId stage_id = 0;
  std::string model;
  std::string system;
  std::string prompt;
  std::uint32_t max_tokens = 0;
  SamplingBits sampling;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, job, stage, stage_id, model, system, prompt, max_tokens, sampling);
  }
};

/// stage -> scheduler -> cascade (application, for a single generation): all of the text.
struct StageDone {
  static constexpr const char* type_name = "stage_done";
  TraceContext trace;
  RunNumber run = 0;
  JobNumber job = 0;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  StageId stage_id = 0;
  std::string text;
  StageEnd end{};
  StageFigures figures;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, job, stage, stage_id, text, end, figures);
  }
};

/// stage -> scheduler -> cascade or application: cut short; the text so far.
struct StagePreempted {
  static constexpr const char* type_name = "stage_preempted";
  TraceContext trace;
  RunNumber run = 0;
  JobNumber job = 0;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  StageId stage_id = 0;
  std::string text;
  PreemptReason reason{};
  StageFigures figures;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, job, stage, stage_id, text, reason, figures);
  }
};

/// stage (supervisor, when the stage died) -> scheduler -> cascade or application: it can't be
/// done.
struct StageFailed {
  static constexpr const char* type_name = "stage_failed";
  TraceContext trace;
  RunNumber run = 0;
  JobNumber job = 0;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  StageId stage_id = 0;
  std::uint8_t kind = 0;  ///< ErrorKind of base/error.h
  std::string error;      ///< one line
  std::string text;       ///< what there was

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, run, job, stage, stage_id, kind, error, text);
  }
};

/// entropy monitor, scheduler or watchdog -> stage, urgent: stop this job if it still runs.
struct PreemptStage {
  static constexpr const char* type_name = "preempt_stage";
  TraceContext trace;
  JobNumber job = 0;
  StageId stage_id = 0;
  PreemptReason reason{};

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, job, stage_id, reason);
  }
};

}  // namespace blue::messages
