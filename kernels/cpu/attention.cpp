#include <algorithm>

#include "kernels/cpu/ops.h"

namespace blue::kernels::cpu {

/// Heads of tokens are shared out. Their cost is taken from the longest sequence of the step.
void attention(const StepWork& work, const OpKernels& kernels) {
  std::int32_t longest = 0;
  for (std::uint64_t t = 0; t < work.n_rows(); ++t) longest = std::max(longest, work.inputs.positions[t]);
  const std::uint64_t cost = (static_cast<std::uint64_t>(longest) + 1) * work.op.head_dim * 2;
  const std::uint64_t n_items = work.n_rows() * work.op.n_heads;
  work.workers.parallel_for(n_items, grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
    kernels.attention(work.op, work.bindings.kv, work.inputs, work.in(), work.out(), begin, end);
  });
}

}  // namespace blue::kernels::cpu
