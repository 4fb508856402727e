#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  for (std::uint64_t t = 0; t < row_count(op, inputs); ++t) {
    const float* in = bindings.activations[op.in] + t * op.cols;
    float* out = bindings.activations[op.out] + t * op.cols;
    for_each_piece(weight, weight.data, 0,
                   [&](std::uint64_t column, std::span<const float> values) {
                     for (std::size_t i = 0; i < values.size(); ++i)
                       out[column + i] = in[column + i] + values[i];
                   });
  }
}

}  // namespace

const ReferenceOp& reference_op_add_bias() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
