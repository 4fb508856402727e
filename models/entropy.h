// Statistics of one step's logits: entropy and probabilities. Depends on base. Pure functions; any
// thread; nothing allocated.
#pragma once

#include <cmath>
#include <span>

#include "base/id.h"

namespace blue::models {

/// Of the full distribution at temperature 1, before any sampling filter.
struct TokenStatistics {
  float entropy_nats = 0;        ///< Shannon entropy, 0 … ln(n_vocab)
  float top_probability = 0;     ///< of the likeliest token
  float chosen_probability = 0;  ///< of the token that was picked; 0 for kNoToken

  /// False when the logits were no distribution (a NaN or +inf among them, all -inf, or none):
  /// every field is then NaN.
  [[nodiscard]] bool is_valid() const { return !std::isnan(entropy_nats); }
};

/// Shapes: logits [n_vocab] f32; -inf is probability 0. Sums in binary64, each term good to 2e-7 of
/// its size.
/// Bound: two passes over the logits.
TokenStatistics token_statistics(std::span<const float> logits, TokenId chosen);

}  // namespace blue::models
