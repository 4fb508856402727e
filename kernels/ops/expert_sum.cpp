// out[t, :] = Σ_j weight_j of route row in2[t] · in[t, j, :]
// Shapes: in [top_k, cols]; out width cols. Aliasing: out is no input.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_expert_sum() {
  static constexpr OpTraits kTraits{
      .has_in2 = true,
      .broken_rule = [](const Op& op) -> std::string_view {
        if (op.out == op.in || op.out == op.in2) return "out must not be an input";
        return op.top_k > 0 && op.cols > 0 ? "" : "top_k and cols must be positive";
      },
      .max_abs_error =
          [](const Op& op, const OpMagnitudes& m, const Format*) {
            return kSafety * dot_error(op.top_k, m.in * m.weight);
          }};
  return kTraits;
}

}  // namespace blue::kernels
