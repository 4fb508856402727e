// The records that cross the rings (base/spsc_ring.h) beside the messages: one producer, one
// consumer, no allocation. Each carries its trace; whoever drains a ring leaves a span for the
// batch.
//   samples   stage -> entropy monitor        tokens    stage -> application
//   hints     entropy monitor -> scheduler    misses    stage -> DMA engine
// Depends on base. Plain values; they never leave the process, so floats are allowed.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/id.h"
#include "base/spsc_ring.h"
#include "base/trace_context.h"
#include "messages/ids.h"

namespace blue::messages {

/// One token's statistics. Units: nats.
struct TokenSample {
  TraceContext trace;
  JobNumber job = 0;
  TokenId token = kNoToken;
  std::uint32_t index = 0;  ///< 0 for the first generated one
  float entropy_nats = 0.0F;
};

/// What the entropy monitor thinks of a stage (HintKind of actors/stage/entropy_watch.h, as a
/// number).
struct HintRecord {
  TraceContext trace;
  JobNumber job = 0;
  StageId stage_id = 0;
  std::uint8_t kind = 0;
  std::uint32_t n_tokens = 0;      ///< the stage had given when it was said
  float mean_entropy_nats = 0.0F;  ///< over the stage so far
};

/// A stretch of generated text. A token's text longer than kMaxBytes takes several records.
/// `offset` counts the job's bytes before this one, so that a reader sees a gap where a full ring
/// dropped one and takes the rest from the end message.
struct TextRecord {
  static constexpr std::size_t kMaxBytes = 32;

  TraceContext trace;
  JobNumber job = 0;
  std::uint64_t offset = 0;
  TokenId token = kNoToken;
  std::uint32_t index = 0;
  std::uint32_t n_bytes = 0;
  std::array<char, kMaxBytes> bytes{};

  [[nodiscard]] std::string_view text() const { return {bytes.data(), n_bytes}; }
};

/// A block that a stage waits for, or will want soon.
struct MissRecord {
  TraceContext trace;
  std::uint32_t block = 0;
  bool is_demanded = true;  ///< false: a guess
};

using SampleRing = SpscRing<TokenSample>;
using HintRing = SpscRing<HintRecord>;
using TextRing = SpscRing<TextRecord>;
using MissRing = SpscRing<MissRecord>;

}  // namespace blue::messages
