#include <bit>
#include <cmath>

#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

/// By the matrix's definition, not by the butterfly that backends use.
void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const std::uint64_t n_groups = static_cast<std::uint64_t>(row_count(op, inputs)) * op.n_heads;
  const double factor = 1.0 / std::sqrt(static_cast<double>(op.cols));
  for (std::uint64_t group = 0; group < n_groups; ++group) {
    const float* in = bindings.activations[op.in] + group * op.cols;
    float* out = bindings.activations[op.out] + group * op.cols;
    double sums[kMaxHadamard] = {};
    for (std::uint32_t i = 0; i < op.cols; ++i) {
      for (std::uint32_t j = 0; j < op.cols; ++j)
        sums[i] += std::popcount(i & j) % 2 == 0 ? double{in[j]} : -double{in[j]};
    }
    for (std::uint32_t i = 0; i < op.cols; ++i) out[i] = static_cast<float>(sums[i] * factor);
  }
}

}  // namespace

const ReferenceOp& reference_op_hadamard() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
