#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  for (std::uint64_t t = 0; t < row_count(op, inputs); ++t) {
    const float* route = bindings.activations[op.in2] + t * 2 * op.top_k;
    for (std::uint64_t j = 0; j < op.top_k; ++j) {
      const std::byte* matrix = weight.experts[static_cast<std::size_t>(route[j])];
      if (matrix == nullptr) continue;
      const std::uint64_t in_row = op.expert_input == ExpertInput::shared ? t : t * op.top_k + j;
      const float* in = bindings.activations[op.in] + in_row * op.cols;
      float* out = bindings.activations[op.out] + (t * op.top_k + j) * op.rows;
      for (std::uint64_t r = 0; r < op.rows; ++r) {
        double sum = 0.0;
        for_each_piece(weight, matrix, r, [&](std::uint64_t column, std::span<const float> values) {
          for (std::size_t i = 0; i < values.size(); ++i)
            sum += static_cast<double>(values[i]) * in[column + i];
        });
        out[r] = static_cast<float>(sum);
      }
    }
  }
}

}  // namespace

const ReferenceOp& reference_op_expert_linear() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
