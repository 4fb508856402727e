#include "models/entropy.h"

#include <algorithm>
#include <limits>

namespace blue::models {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// The largest logit; NaN when the logits are no distribution.
float checked_maximum(std::span<const float> logits) {
  float maximum = -kInfinity;
  bool has_nan = false;
  for (const float logit : logits) {
    has_nan |= logit != logit;
    maximum = logit > maximum ? logit : maximum;
  }
  const bool is_distribution = !has_nan && std::abs(maximum) < kInfinity;
  return is_distribution ? maximum : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace

TokenStatistics token_statistics(std::span<const float> logits, TokenId chosen) {
  const float maximum = checked_maximum(logits);
  if (std::isnan(maximum)) return {maximum, maximum, maximum};
  // With d = logit - maximum and Z = sum e^d:  H = ln Z - (sum d·e^d) / Z, where no term overflows
  // or cancels.
  double total = 0;
  double weighted = 0;
  for (const float logit : logits) {
    const float distance = logit - maximum;
    if (distance == -kInfinity) continue;
    const auto weight = static_cast<double>(std::exp(distance));
    total += weight;
    weighted += weight * static_cast<double>(distance);
  }
  TokenStatistics out;
  out.entropy_nats = static_cast<float>(std::max(0.0, std::log(total) - weighted / total));
  out.top_probability = static_cast<float>(1.0 / total);
  if (chosen >= 0 && static_cast<std::size_t>(chosen) < logits.size()) {
    const auto distance = static_cast<double>(logits[static_cast<std::size_t>(chosen)] - maximum);
    out.chosen_probability = static_cast<float>(std::exp(distance) / total);
  }
  return out;
}

}  // namespace blue::models
