// out[t, h] = softmax(scale · q·k over positions 0..position[t] of t's sequence) · v Grouped
// queries: kv head = h / (n_heads / n_kv_heads).
// Shapes: in is q [n_heads, head_dim]; out like q.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_attention() {
  static constexpr OpTraits kTraits{
      .shape_text = ShapeText::heads,
      .broken_rule = [](const Op& op) -> std::string_view {
        if (op.n_kv_heads == 0 || op.n_heads == 0) return "n_heads and n_kv_heads must be positive";
        if (op.n_heads % op.n_kv_heads != 0) return "n_heads must be a multiple of n_kv_heads";
        if (op.head_dim == 0) return "head_dim must be positive";
        return op.head_dim <= kMaxHeadDim ? "" : "head_dim must not exceed 512";
      },
      .max_abs_error = attention_error};
  return kTraits;
}

}  // namespace blue::kernels
