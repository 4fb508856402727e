// The ops around latent attention that read a weight: layer_norm, head_linear.
#include <cmath>
#include <cstring>

#include "kernels/reference/ops.h"

namespace blue::kernels::reference {

void layer_norm(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
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

void head_linear(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
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

}  // namespace blue::kernels::reference
