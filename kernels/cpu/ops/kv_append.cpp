#include "kernels/cpu/ops/cpu_op.h"
#include "kernels/kv_rows.h"

namespace blue::kernels::cpu {
namespace {

/// Bound by memory.
void run(const StepWork& work) {
  const KvView& kv = work.bindings.kv;
  const Op& op = work.op;
  const std::uint64_t k_width = std::uint64_t{op.n_kv_heads} * op.head_dim;
  const std::uint64_t v_width =
      std::uint64_t{op.n_kv_heads} * (op.value_dim == 0 ? op.head_dim : op.value_dim);
  const auto append = [&](std::uint32_t t) {
    const auto position = static_cast<std::uint32_t>(work.inputs.positions[t]);
    std::byte* page = kv_page(kv, op.layer, page_of(work.inputs, t, position));
    work.kernels.store_row(kv.type, work.in() + t * k_width,
                           key_row(kv, page, position % kPageTokens), k_width);
    if (op.in2 == kNoOperand) return;
    work.kernels.store_row(kv.type, work.in2() + t * v_width,
                           value_row(kv, page, position % kPageTokens), v_width);
  };
  work.workers.parallel_for(work.n_rows(), grain_of(k_width + v_width),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              for (std::uint64_t t = begin; t < end; ++t)
                                append(static_cast<std::uint32_t>(t));
                            });
}

}  // namespace

const CpuOp& cpu_op_kv_append() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
