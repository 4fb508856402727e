#include <cstring>

#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const float* in = bindings.activations[op.in];
  float* out = bindings.activations[op.out];
  for (std::uint64_t o = 0; o < inputs.n_outputs; ++o) {
    const std::uint64_t row = static_cast<std::uint64_t>(inputs.output_rows[o]);
    std::memcpy(out + o * op.cols, in + row * op.cols, std::size_t{op.cols} * sizeof(float));
  }
}

}  // namespace

const ReferenceOp& reference_op_gather_rows() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
