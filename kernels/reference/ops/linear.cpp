#include <algorithm>

#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
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

}  // namespace

const ReferenceOp& reference_op_linear() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
