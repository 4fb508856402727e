#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  for (std::uint64_t t = 0; t < row_count(op, inputs); ++t) {
    const float* weights = bindings.activations[op.in2] + t * 2 * op.top_k + op.top_k;
    const float* in = bindings.activations[op.in] + t * op.top_k * op.cols;
    float* out = bindings.activations[op.out] + t * op.cols;
    for (std::uint64_t c = 0; c < op.cols; ++c) {
      double sum = 0.0;
      for (std::uint64_t j = 0; j < op.top_k; ++j)
        sum += static_cast<double>(weights[j]) * in[j * op.cols + c];
      out[c] = static_cast<float>(sum);
    }
  }
}

}  // namespace

const ReferenceOp& reference_op_expert_sum() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
