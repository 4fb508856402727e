#include <algorithm>
#include <cmath>

#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const float* divisors = op.weight == kNoOperand
                              ? nullptr
                              : reinterpret_cast<const float*>(bindings.weights[op.weight].data);
  float* rows = bindings.activations[op.out] + op.rotary_offset;
  const std::uint32_t half = op.rotary_dims / 2;
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    for (std::uint32_t i = 0; i < half; ++i) {
      const double plain = std::pow(static_cast<double>(op.rope_base), -2.0 * i / op.rotary_dims);
      const double along = (static_cast<double>(i) - op.yarn_low) /
                           (static_cast<double>(op.yarn_high) - op.yarn_low);
      const double mix = op.yarn_mix * (1.0 - std::clamp(along, 0.0, 1.0));
      const double factor = op.rope_scale * (1.0 - mix) + mix;
      const double angle =
          inputs.positions[t] * plain / (divisors == nullptr ? 1.0 : divisors[i]) * factor;
      const double cosine = std::cos(angle) * op.rope_magnitude;
      const double sine = std::sin(angle) * op.rope_magnitude;
      const std::uint32_t first = op.rope_style == RopeStyle::adjacent ? 2 * i : i;
      const std::uint32_t second = op.rope_style == RopeStyle::adjacent ? 2 * i + 1 : i + half;
      for (std::uint32_t h = 0; h < op.n_heads; ++h) {
        float* head = rows + (static_cast<std::uint64_t>(t) * op.n_heads + h) * op.head_dim;
        const double x = head[first];
        const double y = head[second];
        head[first] = static_cast<float>(x * cosine - y * sine);
        head[second] = static_cast<float>(x * sine + y * cosine);
      }
    }
  }
}

}  // namespace

const ReferenceOp& reference_op_rope() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
