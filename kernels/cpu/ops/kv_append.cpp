#include <cstring>

#include "kernels/cpu/ops/cpu_op.h"
#include "kernels/kv_rows.h"

namespace blue::kernels::cpu {
namespace {

void store_row(std::byte* to, KvType type, const float* from, std::uint64_t n) {
  if (type == KvType::f32) {
    std::memcpy(to, from, n * sizeof(float));
    return;
  }
  if (type == KvType::q8_0)
    return find_format("Q8_0")->encode({from, n}, {to, kv_row_bytes(type, n)});
  auto* halves = reinterpret_cast<std::uint16_t*>(to);
  for (std::uint64_t i = 0; i < n; ++i) halves[i] = float_to_half(from[i]);
}

void run(const StepWork& work) {
  const KvView& kv = work.bindings.kv;
  const Op& op = work.op;
  const std::uint64_t k_width = std::uint64_t{op.n_kv_heads} * op.head_dim;
  const std::uint64_t v_width =
      std::uint64_t{op.n_kv_heads} * (op.value_dim == 0 ? op.head_dim : op.value_dim);
  for (std::uint32_t t = 0; t < work.n_rows(); ++t) {
    const auto position = static_cast<std::uint32_t>(work.inputs.positions[t]);
    std::byte* page = kv_page(kv, work.op.layer, page_of(work.inputs, t, position));
    store_row(key_row(kv, page, position % kPageTokens), kv.type, work.in() + t * k_width, k_width);
    if (op.in2 == kNoOperand) continue;
    store_row(value_row(kv, page, position % kPageTokens), kv.type, work.in2() + t * v_width,
              v_width);
  }
}

}  // namespace

const CpuOp& cpu_op_kv_append() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
