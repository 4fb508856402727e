#include <algorithm>

#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

/// Shared out by kv heads and by as many tokens as their query heads read the cache together.
/// The cost is taken from the longest sequence of the step.
void run(const StepWork& work) {
  const auto n_tokens = static_cast<std::uint32_t>(work.n_rows());
  std::int32_t longest = 0;
  for (std::uint32_t t = 0; t < n_tokens; ++t)
    longest = std::max(longest, work.inputs.positions[t]);
  const std::uint32_t group = work.op.n_heads / work.op.n_kv_heads;
  const std::uint32_t tokens_together =
      std::max(static_cast<std::uint32_t>(kQueryRows) / group, 1U);
  const std::uint32_t n_spans = (n_tokens + tokens_together - 1) / tokens_together;
  const std::uint64_t cost = (static_cast<std::uint64_t>(longest) + 1) * work.op.head_dim * 2 *
                             group * std::min(tokens_together, n_tokens);
  const std::uint64_t n_items = std::uint64_t{n_spans} * work.op.n_kv_heads;
  work.workers.parallel_for(n_items, grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t item = begin; item < end; ++item) {
      const auto first = static_cast<std::uint32_t>(item / work.op.n_kv_heads) * tokens_together;
      const AttentionPart part{first, std::min(first + tokens_together, n_tokens),
                               static_cast<std::uint32_t>(item % work.op.n_kv_heads)};
      work.kernels.attention(work.op, work.bindings.kv, work.inputs, work.in(), work.out(), part);
    }
  });
}

}  // namespace

const CpuOp& cpu_op_attention() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
