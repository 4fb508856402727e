#include <algorithm>

#include "kernels/cpu/ops.h"

namespace blue::kernels::cpu {

/// Groups of heads of tokens are shared out: as many heads together as leave a group for every worker, since all of a group
/// share the rows that are read.
void attention_latent(const StepWork& work, const OpKernels& kernels) {
  const Op& op = work.op;
  const std::uint64_t n_all = work.n_rows() * op.n_heads;
  const std::uint64_t per_worker = (n_all + work.workers.n_workers() - 1) / work.workers.n_workers();
  const auto group = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(per_worker, 1, kLatentHeads));
  const std::uint64_t n_groups = (op.n_heads + group - 1) / group;  // per token
  std::uint64_t longest = 0;
  for (std::uint64_t t = 0; t < work.n_rows(); ++t)
    longest = std::max(longest, static_cast<std::uint64_t>(work.inputs.positions[t]) + 1);
  if (op.in2 != kNoSlot) longest = std::min<std::uint64_t>(longest, op.top_k);
  const std::uint64_t cost = longest * group * (op.head_dim + op.value_dim);
  work.workers.parallel_for(
      work.n_rows() * n_groups, grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t item = begin; item < end; ++item) {
          const std::uint64_t t = item / n_groups;
          const auto head = static_cast<std::uint32_t>(item % n_groups * group);
          const std::uint64_t at = t * op.n_heads + head;
          const LatentPart part{.token = static_cast<std::uint32_t>(t),
                                .n_heads = std::min(group, op.n_heads - head),
                                .q = work.in() + at * op.head_dim,
                                .out = work.out() + at * op.value_dim,
                                .chosen = op.in2 == kNoSlot ? nullptr : work.in2() + t * 2 * op.top_k};
          kernels.attention_latent(op, work.bindings.kv, work.inputs, part);
        }
      });
}

}  // namespace blue::kernels::cpu
