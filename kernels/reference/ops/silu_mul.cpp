#include <cmath>

#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const float* in = bindings.activations[op.in];
  const float* in2 = bindings.activations[op.in2];
  float* out = bindings.activations[op.out];
  const std::uint64_t n = static_cast<std::uint64_t>(row_count(op, inputs)) * op.cols;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double x = in[i];
    out[i] = static_cast<float>(x / (1.0 + std::exp(-x)) * in2[i]);
  }
}

}  // namespace

const ReferenceOp& reference_op_silu_mul() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
