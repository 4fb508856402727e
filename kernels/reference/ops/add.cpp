#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const float* in = bindings.activations[op.in];
  const float* in2 = bindings.activations[op.in2];
  float* out = bindings.activations[op.out];
  const std::uint64_t n = static_cast<std::uint64_t>(row_count(op, inputs)) * op.cols;
  for (std::uint64_t i = 0; i < n; ++i) out[i] = in[i] + in2[i];
}

}  // namespace

const ReferenceOp& reference_op_add() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
