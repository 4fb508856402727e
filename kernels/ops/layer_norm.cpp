// out = (in - mean(in)) / sqrt(variance(in) + eps) · weight, over rows of cols values.
// Shapes: weight F32 [1, cols]. Aliasing: out may be in.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_layer_norm() {
  static constexpr OpTraits kTraits{
      .weight = WeightRule::f32,
      .broken_rule = [](const Op& op) -> std::string_view {
        return op.cols > 0 ? "" : "cols must be positive";
      },
      // The mean is subtracted from values that may be much larger than the difference.
      .max_abs_error =
          [](const Op& op, const OpMagnitudes& m, const Format*) {
            return kSafety * kUnitRoundoff * (8.0 + std::sqrt(op.cols)) * (m.out + m.weight * m.in);
          }};
  return kTraits;
}

}  // namespace blue::kernels
