// The records that cross the rings (base/spsc_ring.h) beside the messages: one producer, one
// consumer, no allocation. Each carries its trace; the reader of a ring leaves a span for a batch.
//   samples   stage -> entropy monitor        text      stage -> application
//   hints     entropy monitor -> scheduler    misses    stage -> DMA engine
// Depends on base. Plain values; they never leave the process, so floats are allowed.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/spsc_ring.h"
#include "base/trace_context.h"
#include "memory/tiers/block.h"
#include "messages/ids.h"

namespace blue::messages {

/// One token's statistics. Units: nats.
struct TokenSample {
  TraceContext trace;
  JobNumber job;
  TokenId token = kNoToken;
  std::uint32_t index = 0;       ///< 0 for the job's first generated token
  std::uint32_t max_tokens = 0;  ///< the job's budget
  float entropy_nats = 0.0F;
};

/// What the entropy monitor tells the scheduler about a stage.
enum class HintKind : std::uint8_t {
  low_entropy,   ///< the last window was near certain
  high_entropy,  ///< the last window was near guessing
  prefetch_now,  ///< the stage nears its end: the next stage's model is needed soon
};
constexpr std::string_view to_text(HintKind hint) {
  switch (hint) {
    case HintKind::low_entropy: return "LOW_ENTROPY";
    case HintKind::high_entropy: return "HIGH_ENTROPY";
    case HintKind::prefetch_now: return "PREFETCH_NOW";
  }
  return "unknown";
}

struct HintRecord {
  TraceContext trace;
  JobNumber job;
  StageId stage_id;
  HintKind kind{};
  std::uint32_t n_tokens = 0;      ///< that the stage had given by then
  float mean_entropy_nats = 0.0F;  ///< over the stage so far
};

/// A piece of generated text. A token's text longer than kMaxBytes takes several records.
/// `offset` counts the job's bytes before this one; the stage sends no byte before its
/// predecessor, so the records of a job have no gap, however often the ring was full.
struct TextRecord {
  static constexpr std::size_t kMaxBytes = 32;

  TraceContext trace;
  JobNumber job;
  std::uint64_t offset = 0;
  std::uint32_t n_bytes = 0;
  std::array<char, kMaxBytes> bytes{};

  [[nodiscard]] std::string_view text() const { return {bytes.data(), n_bytes}; }
};

/// How much a block is needed. What is demanded overtakes what is guessed.
enum class Want : std::uint8_t {
  guessed,
  demanded,  ///< a stage waits for it
};

/// A block that a stage waits for, or will need soon.
struct MissRecord {
  TraceContext trace;
  memory::BlockId block;
  Want want = Want::demanded;
};

using SampleRing = SpscRing<TokenSample>;
using HintRing = SpscRing<HintRecord>;
using TextRing = SpscRing<TextRecord>;
using MissRing = SpscRing<MissRecord>;

}  // namespace blue::messages
