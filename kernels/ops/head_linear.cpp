// out[t, h] = W_h · (the first cols values of in[t, h]), then the other head_dim - cols values of
// in[t, h] unchanged.
// Shapes: W_h is rows [h · rows, (h + 1) · rows) of weight [n_heads · rows, cols] in any format; in
// [n_heads, head_dim], out [n_heads, rows + head_dim - cols]. Aliasing: out is not in.
// May round `in` as linear does.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_head_linear() {
  static constexpr OpTraits kTraits{
      .weight = WeightRule::any_format,
      .broken_rule = [](const Op& op) -> std::string_view {
        if (op.n_heads == 0 || op.head_dim == 0) return "n_heads and head_dim must be positive";
        if (op.in == op.out) return "out must not be in";
        if (op.rows == 0 || op.cols == 0) return "rows and cols must be positive";
        return op.cols <= op.head_dim ? "" : "cols must not exceed head_dim";
      },
      .max_abs_error = product_error};
  return kTraits;
}

}  // namespace blue::kernels
