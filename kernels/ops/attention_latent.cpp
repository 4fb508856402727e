// Attention of n_heads queries over one cached row per token:
//   out[t, h] = Σ_p softmax_p(scale · q · k_p) · (the first value_dim values of k_p)
// Shapes: in is q [n_heads, head_dim], k_p the key row [head_dim] at position p; out [n_heads,
// value_dim]. p runs over 0..position[t], or over those of row t of in2, an index_topk's out.
// Aliasing: out is no input.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_attention_latent() {
  static constexpr OpTraits kTraits{
      .shape_text = ShapeText::heads,
      .broken_rule = [](const Op& op) -> std::string_view {
        if (op.n_heads == 0 || op.head_dim == 0) return "n_heads and head_dim must be positive";
        if (op.head_dim > kMaxLatentDim) return "head_dim must not exceed 1024";
        if (op.in == op.out || op.in2 == op.out) return "out must not be an input";
        if (op.in2 != kNoOperand && op.top_k == 0) return "top_k must be positive with a selection";
        return op.value_dim > 0 && op.value_dim <= op.head_dim ? ""
                                                               : "value_dim must be 1 to head_dim";
      },
      // The value is part of the key.
      .max_abs_error =
          [](const Op& op, const OpMagnitudes& m, const Format* weight) {
            OpMagnitudes with_value = m;
            with_value.value = m.weight;
            return attention_error(op, with_value, weight);
          }};
  return kTraits;
}

}  // namespace blue::kernels
