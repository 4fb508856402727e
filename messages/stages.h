// The conversation about stages: cascade, scheduler, stage.
//   cascade -stage_ready-> scheduler -run_stage-> stage
//   stage -stage_done | stage_preempted | stage_failed-> scheduler -> cascade or application
// A running job is preempted through its stage's channel, not by a message: its thread is in the
// token loop. Depends on base and models. Plain values; sampling floats travel as bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "messages/ids.h"
#include "messages/message.h"
#include "models/sampling/sampler.h"

namespace blue::messages {

/// Why a stage ended by itself (models::SessionEnd, less `running`).
enum class StageEnd : std::uint8_t { end_token, token_budget, context_full };
constexpr std::string_view to_text(StageEnd end) {
  switch (end) {
    case StageEnd::end_token: return "end of text";
    case StageEnd::token_budget: return "token budget";
    case StageEnd::context_full: return "context full";
  }
  return "unknown";
}

/// Why a stage was stopped.
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

/// models::SamplingSpec with its floats as bits.
struct SamplingBits {
  FloatBits temperature;
  std::int32_t top_k = 0;
  FloatBits top_p = FloatBits::of(1.0F);
  FloatBits min_p;
  std::uint64_t seed = 0;

  [[nodiscard]] static SamplingBits of(const models::SamplingSpec& spec) {
    return {FloatBits::of(spec.temperature), spec.top_k, FloatBits::of(spec.top_p),
            FloatBits::of(spec.min_p), spec.seed};
  }
  [[nodiscard]] models::SamplingSpec spec() const {
    return {temperature.value(), top_k, top_p.value(), min_p.value(), seed};
  }
};

/// Which job, of which run and stage.
struct JobKey {
  RunNumber run;
  JobNumber job;
  std::uint32_t stage = 0;  ///< index in the cascade; 0 for a single generation
  StageId stage_id;
};

/// What of the text an end message carries; the text ring carries it live.
enum class TextReturn : std::uint8_t {
  whole,         ///< all of it: a cascade commits it
  not_streamed,  ///< what the ring had no room for: the receiver reads the ring
};

/// One stage's work: all that a stage needs to do it.
struct JobSpec {
  JobKey key;
  std::string model;   ///< path
  std::string system;  ///< system message, may be empty
  std::string prompt;
  /// Where not empty: the whole prompt; `system` and `prompt` are not read then.
  std::vector<TokenId> prompt_tokens;
  std::uint32_t max_tokens = 0;
  SamplingBits sampling;
  TextReturn text_return = TextReturn::whole;
};

/// What a stage measured of itself.
struct StageFigures {
  std::uint32_t n_prompt_tokens = 0;
  std::uint32_t n_cached_tokens = 0;  ///< of the prompt: their rows were there from an earlier job
  std::uint32_t n_tokens = 0;
  Nanoseconds load_ns = 0;    ///< until the model could run; 0 when it could already
  Nanoseconds prompt_ns = 0;  ///< from there to the first token
  Nanoseconds decode_ns = 0;  ///< from the first token to the last
  std::uint64_t mean_entropy_micronats = 0;
  std::uint64_t n_misses = 0;  ///< blocks that had to be waited for
  /// By link, during the job; kNotCounted where the token source does not count.
  static constexpr std::uint64_t kNotCounted = ~std::uint64_t{0};
  std::uint64_t n_bytes_read = kNotCounted;    ///< file to memory
  std::uint64_t n_bytes_copied = kNotCounted;  ///< tier 1 to tier 0
  std::uint64_t n_hits = kNotCounted;          ///< leases on blocks that were there
  std::uint64_t stall_ns = kNotCounted;        ///< waiting for blocks
};

/// The text of a job as its end message carries it.
struct JobText {
  /// Of a stage that died: all that its reader has found is kept.
  static constexpr std::uint64_t kUnknown = ~std::uint64_t{0};

  std::uint64_t n_streamed = 0;  ///< bytes that crossed the text ring, from the first
  std::string text;              ///< TextReturn says which part

  /// The bytes that did not cross the ring.
  [[nodiscard]] std::string_view not_streamed(TextReturn text_return) const {
    const std::string_view all = text;
    return text_return == TextReturn::whole ? all.substr(n_streamed) : all;
  }
};

/// cascade (supervisor, for a single generation) -> scheduler: this job's inputs are complete; give
/// it a processor. Sent again after a scheduler's restart; the job's number makes it idempotent.
struct StageReady {
  static constexpr const char* type_name = "stage_ready";
  TraceContext trace;
  JobSpec spec;
  std::string next_model;  ///< of the stage after it; empty for the last
};

/// scheduler -> stage: do it now. A job that was done already is answered with its end again.
struct RunStage {
  static constexpr const char* type_name = "run_stage";
  TraceContext trace;
  JobSpec spec;
};

/// stage -> scheduler -> cascade (application, for a single generation).
struct StageDone {
  static constexpr const char* type_name = "stage_done";
  TraceContext trace;
  JobKey key;
  JobText text;
  StageEnd end{};
  StageFigures figures;
};

/// stage -> scheduler -> cascade or application: stopped before its end.
struct StagePreempted {
  static constexpr const char* type_name = "stage_preempted";
  TraceContext trace;
  JobKey key;
  JobText text;
  PreemptReason reason{};
  StageFigures figures;
};

/// stage (scheduler, when the stage died) -> scheduler -> cascade or application: it can't be done.
struct StageFailed {
  static constexpr const char* type_name = "stage_failed";
  TraceContext trace;
  JobKey key;
  JobText text;
  ErrorKind kind{};
  std::string error;  ///< one line
};

}  // namespace blue::messages
