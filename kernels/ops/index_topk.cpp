// Chooses for each token the top_k best of positions 0..position[t], ties to the lower position.
//   score = scale · Σ_h in2[t, h] · max(0, q_h · k)
// Shapes: in is q [n_heads, head_dim], k the value row [head_dim]; out width 2 · top_k, first the
// positions as whole floats, ascending, padded with -1, then their scores, padded with 0. Aliasing:
// out is no input.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_index_topk() {
  static constexpr OpTraits kTraits{
      .has_in2 = true,
      .shape_text = ShapeText::heads,
      .broken_rule = [](const Op& op) -> std::string_view {
        if (op.n_heads == 0 || op.head_dim == 0) return "n_heads and head_dim must be positive";
        if (op.head_dim > kMaxLatentDim) return "head_dim must not exceed 1024";
        if (op.in == op.out || op.in2 == op.out) return "out must not be an input";
        return op.top_k > 0 ? "" : "top_k must be positive";
      },
      // A sum over heads of products of a weight and a dot product, each with its own rounding.
      .max_abs_error =
          [](const Op& op, const OpMagnitudes& m, const Format*) {
            const double product = m.in * m.weight;
            const double sum_error =
                kUnitRoundoff * (8.0 + std::sqrt(op.n_heads)) * (op.head_dim * product);
            return kSafety * (op.scale * op.n_heads * m.value *
                              (dot_error(op.head_dim, product) + sum_error));
          }};
  return kTraits;
}

}  // namespace blue::kernels
