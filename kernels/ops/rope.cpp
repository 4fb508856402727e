// Rotates rotary_dims values of each of n_heads heads of head_dim, from rotary_offset on: pair i by
// the angle position[t] · freq_i, both then times rope_magnitude; RopeStyle selects which values
// are a pair.
//   freq_i = rope_base^(-2i / rotary_dims) / divisor_i · (rope_scale · (1 - m_i) + m_i)
//   m_i = yarn_mix · (1 - clamp((i - yarn_low) / (yarn_high - yarn_low), 0, 1))
// Shapes: weight, optional, holds the divisors, F32 [1, rotary_dims / 2]; without it they are 1.
// Aliasing: in place, out is in.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_rope() {
  static constexpr OpTraits kTraits{
      .weight = WeightRule::optional_f32,
      .shape_text = ShapeText::heads,
      .broken_rule = [](const Op& op) -> std::string_view {
        if (op.n_heads == 0 || op.rotary_dims == 0)
          return "n_heads and rotary_dims must be positive";
        if (op.rotary_dims % 2 != 0) return "rotary_dims must be even";
        if (op.in != op.out) return "it works in place: out must be in";
        if (std::uint64_t{op.rotary_offset} + op.rotary_dims > op.head_dim)
          return "rotary_dims must not exceed head_dim";
        return op.yarn_low < op.yarn_high ? "" : "yarn_low must be below yarn_high";
      },
      // The angle may be formed in float32: its error is u times its size, at most the position.
      .max_abs_error =
          [](const Op& op, const OpMagnitudes& m, const Format*) {
            return kSafety * kUnitRoundoff * (4.0 + m.position) * m.in * op.rope_magnitude;
          }};
  return kTraits;
}

}  // namespace blue::kernels
