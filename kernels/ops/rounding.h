// Rounding errors that the tolerances of several ops are made of, for float32 arithmetic in any
// order: u = 2^-24, errors of n terms that grow like sqrt(n), and a safety factor. Depends on
// kernels/op_traits.h. Pure functions; any thread.
#pragma once

#include <cmath>

#include "kernels/op_traits.h"

namespace blue::kernels {

inline constexpr double kUnitRoundoff = 0x1p-24;  ///< half the distance from 1 to the next float
inline constexpr double kSafety = 4.0;

/// Of a sum of n products of this size: each of the n steps errs by u times a partial sum that
/// grows like sqrt(n).
inline double dot_error(double n, double product) {
  return kUnitRoundoff * (8.0 + std::sqrt(n)) * std::sqrt(n) * product;
}

/// Of the rows of a weight times activations. With a quantised weight the activations may be
/// rounded to bytes in groups: each errs by up to half a step of largest / 127, anywhere within it,
/// so that n errors add up like sqrt(n / 12) steps.
inline double product_error(const Op& op, const OpMagnitudes& m, const Format* weight) {
  const double product = m.in * m.weight;
  const bool is_quantised = weight != nullptr && weight->values_per_block > 1;
  const double rounding = is_quantised ? std::sqrt(op.cols / 12.0) * product / 127.0 : 0.0;
  return kSafety * (dot_error(op.cols, product) + rounding);
}

/// Of softmax(scores) times values. exp turns an absolute error of a score into a relative one of
/// its weight, twice: in the sum and in its divisor.
inline double attention_error(const Op& op, const OpMagnitudes& m, const Format* /*weight*/) {
  const double score_error = op.scale * dot_error(op.head_dim, m.in * m.weight);
  const double n_positions = m.position + 1.0;
  return kSafety *
         (m.value * (2.0 * score_error + kUnitRoundoff * (16.0 + std::sqrt(n_positions))));
}

}  // namespace blue::kernels
