// out[t, j, r] = Σ_c W_e[r, c] · in[t, j, c] with e = id j of route row in2[t]
// Shapes: in is [cols], the same for all j, or [top_k, cols] (ExpertInput); out [top_k, rows]; W_e
// from WeightView::experts. Aliasing: out is no input.
// A (t, j) whose expert has a null address is left as it is, so that the op may run once per part
// of the experts. May round `in` as linear does.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_expert_linear() {
  static constexpr OpTraits kTraits{.has_in2 = true,
                                    .weight = WeightRule::any_format,
                                    .broken_rule = [](const Op& op) -> std::string_view {
                                      if (op.out == op.in || op.out == op.in2)
                                        return "out must not be an input";
                                      if (op.top_k == 0 || op.cols == 0)
                                        return "top_k and cols must be positive";
                                      if (op.rows > 0 && op.n_experts >= op.top_k) return {};
                                      return "rows must be positive and n_experts at least top_k";
                                    },
                                    .max_abs_error = product_error};
  return kTraits;
}

}  // namespace blue::kernels
