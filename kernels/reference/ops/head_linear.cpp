#include <cstring>

#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  const std::uint32_t n_rest = op.head_dim - op.cols;
  const std::uint64_t out_dim = std::uint64_t{op.rows} + n_rest;
  const std::uint64_t n_heads = static_cast<std::uint64_t>(row_count(op, inputs)) * op.n_heads;
  for (std::uint64_t head = 0; head < n_heads; ++head) {
    const float* in = bindings.activations[op.in] + head * op.head_dim;
    float* out = bindings.activations[op.out] + head * out_dim;
    for (std::uint64_t r = 0; r < op.rows; ++r) {
      double sum = 0.0;
      for_each_piece(weight, weight.data, head % op.n_heads * op.rows + r,
                     [&](std::uint64_t column, std::span<const float> values) {
                       for (std::size_t i = 0; i < values.size(); ++i)
                         sum += static_cast<double>(values[i]) * in[column + i];
                     });
      out[r] = static_cast<float>(sum);
    }
    std::memcpy(out + op.rows, in + op.cols, std::size_t{n_rest} * sizeof(float));
  }
}

}  // namespace

const ReferenceOp& reference_op_head_linear() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
