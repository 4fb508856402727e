// The dense ops that read a weight: embed, rms_norm, add_bias, linear.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/reference/ops.h"

namespace blue::kernels::reference {

void embed(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  float* out = bindings.activations[op.out];
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    const std::int32_t token = inputs.token_ids[t];
    BLUE_CHECK(token >= 0 && static_cast<std::uint64_t>(token) < weight.rows,
               "token id outside the vocabulary");
    float* row = out + static_cast<std::uint64_t>(t) * op.cols;
    for_each_piece(weight, weight.data, static_cast<std::uint64_t>(token),
                   [&](std::uint64_t column, std::span<const float> values) {
                     std::memcpy(row + column, values.data(), values.size_bytes());
                   });
  }
}

void rms_norm(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  const std::uint64_t n_groups = static_cast<std::uint64_t>(row_count(op, inputs)) * op.n_heads;
  const std::uint64_t stride = std::max(op.head_dim, op.cols);
  for (std::uint64_t group = 0; group < n_groups; ++group) {
    const float* in = bindings.activations[op.in] + group * stride;
    float* out = bindings.activations[op.out] + group * stride;
    double sum = 0.0;
    for (std::uint32_t c = 0; c < op.cols; ++c) sum += static_cast<double>(in[c]) * in[c];
    const double factor = 1.0 / std::sqrt(sum / op.cols + op.eps);
    for_each_piece(weight, weight.data, 0,
                   [&](std::uint64_t column, std::span<const float> values) {
                     for (std::size_t i = 0; i < values.size(); ++i) {
                       out[column + i] = static_cast<float>(in[column + i] * factor * values[i]);
                     }
                   });
  }
}

void add_bias(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
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

void linear(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  const float* in = bindings.activations[op.in];
  float* out = bindings.activations[op.out];
  constexpr std::uint32_t kTokensAtOnce =
      32;  // the row is decoded once for as many sums as the stack holds
  const std::uint32_t n_rows = row_count(op, inputs);
  for (std::uint32_t first = 0; first < n_rows; first += kTokensAtOnce) {
    const std::uint32_t n = std::min(kTokensAtOnce, n_rows - first);
    for (std::uint64_t r = 0; r < op.rows; ++r) {
      double sums[kTokensAtOnce] = {};
      for_each_piece(
          weight, weight.data, r, [&](std::uint64_t column, std::span<const float> values) {
            for (std::uint32_t t = 0; t < n; ++t) {
              const float* x = in + static_cast<std::uint64_t>(first + t) * op.cols + column;
              for (std::size_t i = 0; i < values.size(); ++i)
                sums[t] += static_cast<double>(values[i]) * x[i];
            }
          });
      for (std::uint32_t t = 0; t < n; ++t) {
        out[static_cast<std::uint64_t>(first + t) * op.rows + r] = static_cast<float>(sums[t]);
      }
    }
  }
}

}  // namespace blue::kernels::reference
