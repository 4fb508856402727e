// out[t, r] = Σ_c weight[r, c] · in[t, c]
// Shapes: weight [rows, cols] in any format. Aliasing: out is not in.
// With a quantised weight a backend may round `in` to 8 bits in groups of 32 values or more.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_linear() {
  static constexpr OpTraits kTraits{
      .weight = WeightRule::any_format,
      .broken_rule = [](const Op& op) -> std::string_view {
        if (op.in == op.out) return "out must not be in";
        return op.rows > 0 && op.cols > 0 ? "" : "rows and cols must be positive";
      },
      .max_abs_error = product_error};
  return kTraits;
}

}  // namespace blue::kernels
