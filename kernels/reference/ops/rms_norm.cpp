#include <algorithm>
#include <cmath>

#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  const std::uint64_t n_groups = static_cast<std::uint64_t>(row_count(op, inputs)) * op.n_heads;
  const std::uint64_t stride = std::max(op.head_dim, op.cols);
  for (std::uint64_t group = 0; group < n_groups; ++group) {
    const float* in = bindings.activations[op.in] + group * stride;
    float* out = bindings.activations[op.out] + group * stride;
    double sum = 0.0;
    for (std::uint32_t c = 0; c < op.cols; ++c) sum += static_cast<double>(in[c]) * in[c];
    const double factor = 1.0 / std::sqrt(sum / op.cols + op.eps);
    for_each_piece(weight, weight.data, 0,
                   [&](std::uint64_t column, std::span<const float> values) {
                     for (std::size_t i = 0; i < values.size(); ++i) {
                       out[column + i] = static_cast<float>(in[column + i] * factor * values[i]);
                     }
                   });
  }
}

}  // namespace

const ReferenceOp& reference_op_rms_norm() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
