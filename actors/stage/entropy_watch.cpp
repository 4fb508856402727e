#include "actors/stage/entropy_watch.h"

#include <algorithm>

#include "base/check.h"

namespace blue::actors {

using messages::PreemptReason;

EntropyWatch::EntropyWatch(const EntropyWatchLimits& limits)
    : limits_(limits),
      recent_tokens_(limits.max_period, kNoToken),
      repeated_(limits.max_period, 0),
      recent_entropy_(limits.window, 0.0F) {
  BLUE_CHECK(limits.window > 0 && limits.max_period > 0 && limits.min_cycles > 1 &&
             limits.pinned_tokens > 0);
}

void EntropyWatch::begin(std::uint32_t expected_tokens) {
  std::ranges::fill(recent_tokens_, kNoToken);
  std::ranges::fill(repeated_, 0U);
  std::ranges::fill(recent_entropy_, 0.0F);
  n_tokens_ = 0;
  expected_tokens_ = expected_tokens;
  entropy_sum_ = window_sum_ = 0.0;
  high_ = zero_ = {};
  level_.reset();
  has_given_prefetch_ = has_degenerated_ = false;
}

float EntropyWatch::mean_entropy_nats() const {
  return n_tokens_ == 0 ? 0.0F : static_cast<float>(entropy_sum_ / n_tokens_);
}

double EntropyWatch::mean_before(const PinnedRun& run) const {
  const std::uint32_t n_before = n_tokens_ - run.length;
  return n_before == 0 ? 0.0 : (entropy_sum_ - run.sum) / n_before;
}

/// Has some cycle repeated often enough to be degenerate?
bool EntropyWatch::feed_repetition(TokenId token) {
  bool is_repeating = false;
  for (std::uint32_t period = 1; period <= limits_.max_period; ++period) {
    std::uint32_t& run = repeated_[period - 1];
    const bool is_repeated =
        n_tokens_ >= period && recent_tokens_[(n_tokens_ - period) % limits_.max_period] == token;
    run = is_repeated ? run + 1 : 0;
    const std::uint32_t limit = std::max(limits_.min_repeated, period * (limits_.min_cycles - 1));
    is_repeating = is_repeating || run >= limit;
  }
  recent_tokens_[n_tokens_ % limits_.max_period] = token;
  return is_repeating;
}

std::optional<PreemptReason> EntropyWatch::feed_pinned(float entropy_nats) {
  // "Earlier" means before the pinned tokens: a stream that was never different is not pinned
  // against its own history.
  high_.feed(entropy_nats > limits_.high_nats, entropy_nats);
  zero_.feed(entropy_nats < limits_.zero_nats, entropy_nats);
  if (high_.length >= limits_.pinned_tokens && n_tokens_ > high_.length &&
      high_.sum / high_.length > limits_.pinned_high_factor * mean_before(high_)) {
    return PreemptReason::entropy_pinned_high;
  }
  if (zero_.length >= limits_.pinned_tokens && mean_before(zero_) > limits_.lively_nats) {
    return PreemptReason::entropy_pinned_zero;
  }
  return std::nullopt;
}

std::optional<HintKind> EntropyWatch::feed_window(float entropy_nats) {
  float& oldest = recent_entropy_[(n_tokens_ - 1) % limits_.window];
  window_sum_ += entropy_nats - oldest;
  oldest = entropy_nats;
  if (n_tokens_ < limits_.window) return std::nullopt;
  const double mean = window_sum_ / limits_.window;
  std::optional<HintKind> level;
  if (mean < limits_.low_nats) level = HintKind::low_entropy;
  if (mean > limits_.high_nats) level = HintKind::high_entropy;
  if (level == level_) return std::nullopt;
  level_ = level;
  return level;
}

EntropyVerdict EntropyWatch::feed(TokenId token, float entropy_nats) {
  EntropyVerdict verdict;
  const bool is_repeating = feed_repetition(token);
  ++n_tokens_;
  entropy_sum_ += entropy_nats;
  const std::optional<PreemptReason> pinned = feed_pinned(entropy_nats);
  verdict.hint = feed_window(entropy_nats);

  if (!has_given_prefetch_ && std::uint64_t{n_tokens_} * 4 >= std::uint64_t{expected_tokens_} * 3) {
    has_given_prefetch_ = true;
    verdict.hint = HintKind::prefetch_now;
  }
  if (!has_degenerated_ && (is_repeating || pinned)) {
    has_degenerated_ = true;
    verdict.degeneration = is_repeating ? PreemptReason::repetition : *pinned;
  }
  return verdict;
}

}  // namespace blue::actors
