#include <cmath>

#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  for (std::uint64_t t = 0; t < row_count(op, inputs); ++t) {
    const float* in = bindings.activations[op.in] + t * op.cols;
    float* out = bindings.activations[op.out] + t * op.cols;
    double sum = 0.0;
    for (std::uint32_t c = 0; c < op.cols; ++c) sum += in[c];
    const double mean = sum / op.cols;
    double squares = 0.0;
    for (std::uint32_t c = 0; c < op.cols; ++c) squares += (in[c] - mean) * (in[c] - mean);
    const double factor = 1.0 / std::sqrt(squares / op.cols + op.eps);
    for_each_piece(
        weight, weight.data, 0, [&](std::uint64_t column, std::span<const float> values) {
          for (std::size_t i = 0; i < values.size(); ++i) {
            out[column + i] = static_cast<float>((in[column + i] - mean) * factor * values[i]);
          }
        });
  }
}

}  // namespace

const ReferenceOp& reference_op_layer_norm() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
