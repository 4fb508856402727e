// The ops on rows alone: silu_mul, add, gather_rows, hadamard.
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/op_shape.h"
#include "kernels/reference/ops.h"

namespace blue::kernels::reference {

void silu_mul(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const float* in = bindings.activations[op.in];
  const float* in2 = bindings.activations[op.in2];
  float* out = bindings.activations[op.out];
  const std::uint64_t n = static_cast<std::uint64_t>(row_count(op, inputs)) * op.cols;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double x = in[i];
    out[i] = static_cast<float>(x / (1.0 + std::exp(-x)) * in2[i]);
  }
}

void add(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const float* in = bindings.activations[op.in];
  const float* in2 = bindings.activations[op.in2];
  float* out = bindings.activations[op.out];
  const std::uint64_t n = static_cast<std::uint64_t>(row_count(op, inputs)) * op.cols;
  for (std::uint64_t i = 0; i < n; ++i) out[i] = in[i] + in2[i];
}

void gather_rows(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const float* in = bindings.activations[op.in];
  float* out = bindings.activations[op.out];
  for (std::uint64_t o = 0; o < inputs.n_outputs; ++o) {
    const std::uint64_t row = static_cast<std::uint64_t>(inputs.output_rows[o]);
    std::memcpy(out + o * op.cols, in + row * op.cols, std::size_t{op.cols} * sizeof(float));
  }
}

/// By the matrix's definition, not by the butterfly that backends use.
void hadamard(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
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

}  // namespace blue::kernels::reference
