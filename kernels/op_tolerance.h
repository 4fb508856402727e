// How far a backend may be from the reference backend, per op: the one place where tolerances
// stand. Depends on kernels/op.h. Pure functions; any thread.
#pragma once

#include "kernels/op.h"

namespace blue::kernels {

/// What the bound of one run of an op depends on: the largest absolute values that went in and came
/// out.
struct OpMagnitudes {
  double in = 0.0;  ///< over Op::in (attention: the queries)
  double weight =
      0.0;  ///< over the weight (attention: the keys; silu_mul: in2; expert_sum: the weights)
  double value = 0.0;  ///< attention: over the cached values; index_topk: over the heads' weights
  double out = 0.0;    ///< over the reference backend's result
  std::uint32_t position = 0;  ///< the largest position of a token of the step (rope, attention)
};

/// The largest |out - reference out| that any backend may show, for float32 arithmetic in any
/// order.
/// Bound: derived from u = 2^-24 with errors of n terms growing like sqrt(n), and a safety factor
/// of 4;
///        linear, expert_linear, head_linear on a quantised weight: besides, each activation may be rounded to 8 bits (its group's largest
///        magnitude / 127 a step, groups of 32 or more);
///        embed, kv_append, add, add_bias and gather_rows are exact (0): they move values or round once.
/// `weight`: the weight's format, null for ops without one.
double max_abs_error(const Op& op, const OpMagnitudes& magnitudes, const Format* weight = nullptr);

}  // namespace blue::kernels
