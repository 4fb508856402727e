// out = in / sqrt(mean(in²) + eps) · weight, over groups of `cols` values.
// Shapes: a row holds n_heads groups (1: the whole row; more: a norm per head with one shared
// weight); weight F32 [1, cols]. head_dim > cols: groups lie head_dim apart and the values between
// them stay.
// Aliasing: out may be in; with head_dim > cols it must.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_rms_norm() {
  static constexpr OpTraits kTraits{
      .weight = WeightRule::f32,
      .broken_rule = [](const Op& op) -> std::string_view {
        if (op.head_dim > op.cols && op.in != op.out)
          return "out must be in where head_dim exceeds cols";
        return op.cols > 0 && op.n_heads > 0 ? "" : "cols and n_heads must be positive";
      },
      .max_abs_error =
          [](const Op& op, const OpMagnitudes& m, const Format*) {
            return kSafety * kUnitRoundoff * (8.0 + std::sqrt(op.cols)) * m.out;
          }};
  return kTraits;
}

}  // namespace blue::kernels
