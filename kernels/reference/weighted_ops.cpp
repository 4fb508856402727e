// The ops that read a weight: embed, rms_norm, layer_norm, linear, head_linear.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "kernels/reference/ops.h"

namespace blue::kernels::reference {
namespace {

/// Decodes a weight row piece by piece through a buffer on the stack, since a step never allocates.
/// `use(first_column, values)` sees the pieces in order.
template <class Use>
void for_each_piece(const WeightView& weight, std::uint64_t row, Use&& use) {
  constexpr std::size_t kPieceValues = 1024;
  const Format& format = *weight.format;
  BLUE_CHECK(format.values_per_block <= kPieceValues, "a block of the format exceeds the decode buffer");
  float values[kPieceValues];
  const std::size_t piece = kPieceValues / format.values_per_block * format.values_per_block;
  const std::byte* data = weight.data + row * format.row_bytes(weight.cols);
  for (std::uint64_t column = 0; column < weight.cols; column += piece) {
    const std::size_t n = std::min<std::uint64_t>(piece, weight.cols - column);
    format.decode({data + format.row_bytes(column), format.row_bytes(n)}, {values, n});
    use(column, std::span<const float>(values, n));
  }
}

}  // namespace

void embed(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  float* out = bindings.activations[op.out];
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    const std::int32_t token = inputs.token_ids[t];
    BLUE_CHECK(token >= 0 && static_cast<std::uint64_t>(token) < weight.rows,
               "token id outside the vocabulary");
    float* row = out + static_cast<std::uint64_t>(t) * op.cols;
    for_each_piece(weight, static_cast<std::uint64_t>(token),
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
    for_each_piece(weight, 0, [&](std::uint64_t column, std::span<const float> values) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        out[column + i] = static_cast<float>(in[column + i] * factor * values[i]);
      }
    });
  }
}

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
    for_each_piece(weight, 0, [&](std::uint64_t column, std::span<const float> values) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        out[column + i] = static_cast<float>((in[column + i] - mean) * factor * values[i]);
      }
    });
  }
}

void linear(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  const float* in = bindings.activations[op.in];
  float* out = bindings.activations[op.out];
  constexpr std::uint32_t kTokensAtOnce = 32;  // the row is decoded once for as many sums as the stack holds
  const std::uint32_t n_rows = row_count(op, inputs);
  for (std::uint32_t first = 0; first < n_rows; first += kTokensAtOnce) {
    const std::uint32_t n = std::min(kTokensAtOnce, n_rows - first);
    for (std::uint64_t r = 0; r < op.rows; ++r) {
      double sums[kTokensAtOnce] = {};
      for_each_piece(weight, r, [&](std::uint64_t column, std::span<const float> values) {
        for (std::uint32_t t = 0; t < n; ++t) {
          const float* x = in + static_cast<std::uint64_t>(first + t) * op.cols + column;
          for (std::size_t i = 0; i < values.size(); ++i) sums[t] += static_cast<double>(values[i]) * x[i];
        }
      });
      for (std::uint32_t t = 0; t < n; ++t) {
        out[static_cast<std::uint64_t>(first + t) * op.rows + r] = static_cast<float>(sums[t]);
      }
    }
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
      for_each_piece(weight, head % op.n_heads * op.rows + r,
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
