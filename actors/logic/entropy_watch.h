// EntropyWatch: what the entropy monitor thinks of one stage's token stream. It is fed every token's entropy and says
// hints, and when the stream has degenerated (a repeating cycle, or entropy pinned against its own history).
// Pure: no clock, no threads, no CAF. Depends on base and models/entropy.h. Allocates at construction only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.h"

namespace blue::actors {

/// What the monitor tells the scheduler.
enum class HintKind : std::uint8_t { low_entropy, high_entropy, early_exit, prefetch_now, skip_stage };

/// Why a stage is preempted.
enum class Degeneration : std::uint8_t { repetition, entropy_pinned_high, entropy_pinned_zero };

struct EntropyWatchLimits {
  std::uint32_t window = 32;             ///< tokens of short history
  float low_nats = 0.05F;                ///< window mean below: LOW_ENTROPY
  float high_nats = 3.0F;                ///< window mean above: HIGH_ENTROPY
  std::uint32_t max_period = 24;         ///< longest cycle looked for, tokens
  std::uint32_t min_cycles = 6;          ///< how often a cycle must repeat to count as degenerate
  std::uint32_t min_repeated = 64;       ///< and how many tokens the repetition must span
  std::uint32_t pinned_tokens = 128;     ///< how long entropy must stay pinned
  float pinned_high_factor = 3.0F;       ///< pinned high: above this many times the stage's own earlier mean
};

struct EntropyVerdict {
  std::optional<HintKind> hint;              ///< at most one per token, said when it becomes true
  std::optional<Degeneration> degeneration;  ///< said once
};

class EntropyWatch {
 public:
  explicit EntropyWatch(const EntropyWatchLimits& limits);

  /// A new stage begins, with its token budget (for PREFETCH_NOW at three quarters of it or of what it usually takes).
  void begin(std::uint32_t max_tokens);
  EntropyVerdict feed(TokenId token, float entropy_nats);

  [[nodiscard]] float mean_entropy_nats() const;  ///< over the stage so far
  [[nodiscard]] std::uint32_t n_tokens() const;

 private:
  EntropyWatchLimits limits_;
  std::vector<TokenId> recent_tokens_;
  std::vector<float> recent_entropy_;
  std::uint32_t n_tokens_ = 0;
  std::uint32_t max_tokens_ = 0;
  double entropy_sum_ = 0.0;
  double window_sum_ = 0.0;
  std::uint32_t n_pinned_high_ = 0;
  std::uint32_t n_pinned_zero_ = 0;
  std::optional<HintKind> said_;
  bool has_said_prefetch_ = false;
  bool has_said_degeneration_ = false;
};

}  // namespace blue::actors
