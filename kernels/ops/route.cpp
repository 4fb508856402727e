// Chooses top_k of n_experts by the logits `in`. p = softmax or sigmoid of the logits (Gating); the
// choice is by p + weight[0, :], ties to the lower id. With n_groups > 1 only experts of the
// n_groups_used best groups are eligible; the score of a group (n_experts / n_groups consecutive
// ids) is the sum of its two best. Weights are p of the chosen, divided by their sum where
// RouteWeights::normalised, times scale.
// Shapes: out width 2 · top_k, first the ids as whole floats, best first, then their weights;
// weight, optional, is the selection bias, F32 [1, n_experts]. Aliasing: out is not in.
#include <algorithm>
#include "kernels/op_traits.h"

#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_route() {
  static constexpr OpTraits kTraits{
      .weight = WeightRule::optional_f32,
      .shape_text = ShapeText::experts,
      .broken_rule = [](const Op& op) -> std::string_view {
        if (op.in == op.out) return "out must not be in";
        if (op.top_k == 0 || op.top_k > op.n_experts) return "top_k must be 1 to n_experts";
        if (op.n_groups == 0 || op.n_experts % op.n_groups != 0)
          return "n_groups must divide n_experts";
        if (op.n_groups_used == 0 || op.n_groups_used > op.n_groups)
          return "n_groups_used must be 1 to n_groups";
        if (op.n_experts / op.n_groups * op.n_groups_used < op.top_k)
          return "the groups used must hold top_k experts";
        return {};
      },
      // Ids differ by whole numbers. A weight is a quotient of sums of exponentials.
      .max_abs_error =
          [](const Op& op, const OpMagnitudes&, const Format*) {
            return kSafety * kUnitRoundoff * (16.0 + std::sqrt(op.n_experts)) *
                   std::max(1.0F, op.scale);
          }};
  return kTraits;
}

}  // namespace blue::kernels
