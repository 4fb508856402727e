// EntropyWatch: the statistics of one stage's token stream. Fed with every token and its entropy,
// it gives hints, and reports when the stream has degenerated (a repeating cycle, or entropy pinned
// against its own history). Pure: no clock, no threads, no CAF. Depends on base and messages'
// plain parts. Allocates at construction only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "messages/rings.h"
#include "messages/stages.h"

namespace blue::actors {

using messages::HintKind;

struct EntropyWatchLimits {
  std::uint32_t window = 32;          ///< tokens of short history
  float low_nats = 0.05F;             ///< window mean below: LOW_ENTROPY
  float high_nats = 3.0F;             ///< window mean above: HIGH_ENTROPY
  std::uint32_t max_period = 24;      ///< longest cycle that is detected, tokens
  std::uint32_t min_cycles = 6;       ///< how often a cycle must repeat to count as degenerate
  std::uint32_t min_repeated = 64;    ///< and how many repeated tokens there must be
  std::uint32_t pinned_tokens = 128;  ///< how long entropy must stay pinned
  float pinned_high_factor =
      3.0F;  ///< pinned high: each token above high_nats and this many times the earlier mean
  float zero_nats = 1e-3F;   ///< pinned at zero: each token below this ...
  float lively_nats = 0.2F;  ///< ... in a stage whose earlier mean was above this
};

struct EntropyVerdict {
  std::optional<HintKind> hint;                         ///< once, when its condition becomes true
  std::optional<messages::PreemptReason> degeneration;  ///< once per stage
};

class EntropyWatch {
 public:
  explicit EntropyWatch(const EntropyWatchLimits& limits);

  /// A new job. PREFETCH_NOW is given at three quarters of `expected_tokens`, its budget.
  void begin(std::uint32_t expected_tokens);
  /// Bound: max_period comparisons.
  EntropyVerdict feed(TokenId token, float entropy_nats);

  [[nodiscard]] float mean_entropy_nats() const;  ///< over the stage so far; 0 without tokens
  [[nodiscard]] std::uint32_t n_tokens() const { return n_tokens_; }

 private:
  /// A run of tokens that all satisfy a condition, and the entropy before it.
  struct PinnedRun {
    std::uint32_t length = 0;
    double sum = 0.0;
    void feed(bool is_pinned, float entropy_nats) {
      length = is_pinned ? length + 1 : 0;
      sum = is_pinned ? sum + entropy_nats : 0.0;
    }
  };

  [[nodiscard]] double mean_before(const PinnedRun& run) const;
  [[nodiscard]] bool feed_repetition(TokenId token);
  [[nodiscard]] std::optional<messages::PreemptReason> feed_pinned(float entropy_nats);
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
  std::optional<HintKind> level_;  ///< the last of low_entropy, high_entropy given
  bool has_given_prefetch_ = false;
  bool has_degenerated_ = false;
};

}  // namespace blue::actors
