#include <cstring>

#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
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

}  // namespace

const ReferenceOp& reference_op_embed() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
