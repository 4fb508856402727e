#include "actors/stage/entropy_watch.h"

#include <algorithm>

#include "base/check.h"

namespace blue::actors {

std::string_view to_text(HintKind hint) {
  switch (hint) {
    case HintKind::low_entropy: return "LOW_ENTROPY";
    case HintKind::high_entropy: return "HIGH_ENTROPY";
    case HintKind::early_exit: return "EARLY_EXIT";
    case HintKind::prefetch_now: return "PREFETCH_NOW";
    case HintKind::skip_stage: return "SKIP_STAGE";
  }
  return "?";
}

std::string_view to_text(Degeneration degeneration) {
  switch (degeneration) {
    case Degeneration::repetition: return "repetition";
    case Degeneration::entropy_pinned_high: return "entropy pinned high";
    case Degeneration::entropy_pinned_zero: return "entropy pinned at zero";
  }
  return "?";
}

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
  has_said_prefetch_ = has_said_early_exit_ = has_said_degeneration_ = false;
}

float EntropyWatch::mean_entropy_nats() const {
  return n_tokens_ == 0 ? 0.0F : static_cast<float>(entropy_sum_ / n_tokens_);
}

double EntropyWatch::mean_before(const PinnedRun& run) const {
  const std::uint32_t n_before = n_tokens_ - run.length;
  return n_before == 0 ? 0.0 : (entropy_sum_ - run.sum) / n_before;
}

/// How far the worst cycle has come towards degeneration, in percent of the limit.
std::uint32_t EntropyWatch::feed_repetition(TokenId token) {
  std::uint32_t worst = 0;
  for (std::uint32_t period = 1; period <= limits_.max_period; ++period) {
    std::uint32_t& run = repeated_[period - 1];
    const bool is_repeated =
        n_tokens_ >= period && recent_tokens_[(n_tokens_ - period) % limits_.max_period] == token;
    run = is_repeated ? run + 1 : 0;
    const std::uint32_t limit = std::max(limits_.min_repeated, period * (limits_.min_cycles - 1));
    worst = std::max(worst, run * 100 / limit);
  }
  recent_tokens_[n_tokens_ % limits_.max_period] = token;
  return worst;
}

std::optional<Degeneration> EntropyWatch::feed_pinned(float entropy_nats) {
  // "Earlier" is what came before the run: a stream that was never different is not pinned against
  // its own history.
  high_.feed(entropy_nats > limits_.high_nats, entropy_nats);
  zero_.feed(entropy_nats < limits_.zero_nats, entropy_nats);
  if (high_.length >= limits_.pinned_tokens && n_tokens_ > high_.length &&
      high_.sum / high_.length > limits_.pinned_high_factor * mean_before(high_)) {
    return Degeneration::entropy_pinned_high;
  }
  if (zero_.length >= limits_.pinned_tokens && mean_before(zero_) > limits_.lively_nats) {
    return Degeneration::entropy_pinned_zero;
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
  const std::uint32_t repetition_percent = feed_repetition(token);
  ++n_tokens_;
  entropy_sum_ += entropy_nats;
  const std::optional<Degeneration> pinned = feed_pinned(entropy_nats);
  verdict.hint = feed_window(entropy_nats);

  if (!has_said_prefetch_ && std::uint64_t{n_tokens_} * 4 >= std::uint64_t{expected_tokens_} * 3) {
    has_said_prefetch_ = true;
    verdict.hint = HintKind::prefetch_now;
  }
  if (!has_said_early_exit_ && repetition_percent >= 50) {
    has_said_early_exit_ = true;
    verdict.hint = HintKind::early_exit;
  }
  if (!has_said_degeneration_ && (repetition_percent >= 100 || pinned)) {
    has_said_degeneration_ = true;
    verdict.degeneration = repetition_percent >= 100 ? Degeneration::repetition : *pinned;
  }
  return verdict;
}

EntropyVerdict EntropyWatch::finish() const {
  EntropyVerdict verdict;
  if (n_tokens_ > 0 && mean_entropy_nats() < limits_.sure_nats) verdict.hint = HintKind::skip_stage;
  return verdict;
}

}  // namespace blue::actors
