#include <cstring>

#include "kernels/kv_rows.h"
#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

void store(std::byte* row, KvType type, std::uint32_t n, const float* values) {
  if (type == KvType::q8_0)
    return find_format("Q8_0")->encode({values, n}, {row, kv_row_bytes(type, n)});
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint16_t half = float_to_half(values[i]);
    if (type == KvType::f16) {
      std::memcpy(row + std::uint64_t{i} * 2, &half, sizeof half);
    } else {
      std::memcpy(row + std::uint64_t{i} * 4, &values[i], sizeof values[i]);
    }
  }
}

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const KvView& kv = bindings.kv;
  const std::uint32_t k_width = op.n_kv_heads * op.head_dim;
  const std::uint32_t v_width = op.n_kv_heads * (op.value_dim == 0 ? op.head_dim : op.value_dim);
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    const std::uint32_t position = static_cast<std::uint32_t>(inputs.positions[t]);
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, t, position));
    store(key_row(kv, page, position % kPageTokens), kv.type, k_width,
          bindings.activations[op.in] + static_cast<std::uint64_t>(t) * k_width);
    if (op.in2 == kNoOperand) continue;
    store(value_row(kv, page, position % kPageTokens), kv.type, v_width,
          bindings.activations[op.in2] + static_cast<std::uint64_t>(t) * v_width);
  }
}

}  // namespace

const ReferenceOp& reference_op_kv_append() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
