// EntropyWatch: what the entropy monitor thinks of one stage's token stream. It is fed every
// token's entropy and says hints, and when the stream has degenerated (a repeating cycle, or
// entropy pinned against its own history). Pure: no clock, no threads, no CAF. Depends on base.
// Allocates at construction only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/id.h"

namespace blue::actors {

/// What the monitor tells the scheduler.
enum class HintKind : std::uint8_t {
  low_entropy,   ///< the last window was near certain
  high_entropy,  ///< the last window was near guessing
  early_exit,    ///< the stream begins to repeat itself: what is still to come is worth little
  prefetch_now,  ///< the stage nears its end: the next stage's model is wanted soon
  skip_stage,    ///< at the end: the stage was sure of every token, a later check may be spared
};
std::string_view to_text(HintKind hint);  ///< "LOW_ENTROPY", ...

/// Why a stage is preempted.
enum class Degeneration : std::uint8_t { repetition, entropy_pinned_high, entropy_pinned_zero };
std::string_view to_text(Degeneration degeneration);

struct EntropyWatchLimits {
  std::uint32_t window = 32;          ///< tokens of short history
  float low_nats = 0.05F;             ///< window mean below: LOW_ENTROPY
  float high_nats = 3.0F;             ///< window mean above: HIGH_ENTROPY
  float sure_nats = 0.02F;            ///< whole stage's mean below: SKIP_STAGE
  std::uint32_t max_period = 24;      ///< longest cycle looked for, tokens
  std::uint32_t min_cycles = 6;       ///< how often a cycle must repeat to count as degenerate
  std::uint32_t min_repeated = 64;    ///< and how many repeated tokens there must be
  std::uint32_t pinned_tokens = 128;  ///< how long entropy must stay pinned
  float pinned_high_factor =
      3.0F;  ///< pinned high: each token above high_nats and this many times the earlier mean
  float zero_nats = 1e-3F;   ///< pinned at zero: each token below this ...
  float lively_nats = 0.2F;  ///< ... in a stage whose earlier mean was above this
};

struct EntropyVerdict {
  std::optional<HintKind> hint;  ///< said when it becomes true, not for as long as it is
  std::optional<Degeneration> degeneration;  ///< said once
};

class EntropyWatch {
 public:
  explicit EntropyWatch(const EntropyWatchLimits& limits);

  /// A new stage begins. PREFETCH_NOW comes at three quarters of `expected_tokens` (its budget, or
  /// what it usually takes).
  void begin(std::uint32_t expected_tokens);
  /// Bound: max_period comparisons.
  EntropyVerdict feed(TokenId token, float entropy_nats);
  /// The stage has ended by itself.
  [[nodiscard]] EntropyVerdict finish() const;

  [[nodiscard]] float mean_entropy_nats() const;  ///< over the stage so far; 0 without tokens
  [[nodiscard]] std::uint32_t n_tokens() const { return n_tokens_; }

 private:
  /// A run of tokens that all satisfy a condition, and the entropy of what came before it.
  struct PinnedRun {
    std::uint32_t length = 0;
    double sum = 0.0;
    void feed(bool is_pinned, float entropy_nats) {
      length = is_pinned ? length + 1 : 0;
      sum = is_pinned ? sum + entropy_nats : 0.0;
    }
  };

  [[nodiscard]] double mean_before(const PinnedRun& run) const;
  [[nodiscard]] std::uint32_t feed_repetition(TokenId token);
  [[nodiscard]] std::optional<Degeneration> feed_pinned(float entropy_nats);
  [[nodiscard]] std::optional<HintKind> feed_window(float entropy_nats);

  EntropyWatchLimits limits_;
  std::vector<TokenId> recent_tokens_;  ///< ring of max_period
  std::vector<std::uint32_t>
      repeated_;  ///< by period - 1: tokens in a row equal to the one a period before
  std::vector<float> recent_entropy_;  ///< ring of window
  std::uint32_t n_tokens_ = 0;
  std::uint32_t expected_tokens_ = 0;
  double entropy_sum_ = 0.0;
  double window_sum_ = 0.0;
  PinnedRun high_;
  PinnedRun zero_;
  std::optional<HintKind> level_;  ///< the last of low_entropy, high_entropy said
  bool has_said_prefetch_ = false;
  bool has_said_early_exit_ = false;
  bool has_said_degeneration_ = false;
};

}  // namespace blue::actors
