#include <algorithm>

#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {

namespace {

/// How an op is shared out: heads and tokens of one part.
struct LatentGroups {
  std::uint32_t n_heads = 0;
  std::uint32_t n_tokens = 0;
};

/// As many queries together as leave a group for every worker, since all of a group share the rows
/// that are read: heads of a token first, then tokens. Tokens with rows of their own choice share
/// none.
LatentGroups groups_of(const StepWork& work) {
  const std::uint64_t n_queries = work.n_rows() * work.op.n_heads;
  const std::uint64_t per_worker =
      (n_queries + work.workers.n_workers() - 1) / work.workers.n_workers();
  const auto queries =
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(per_worker, 1, kLatentQueries));
  const std::uint32_t n_heads = std::min(queries, work.op.n_heads);
  return {n_heads, work.op.in2 == kNoOperand ? queries / n_heads : 1};
}

/// Groups of heads of some tokens are shared out.
void run(const StepWork& work) {
  const Op& op = work.op;
  const auto n_tokens = static_cast<std::uint32_t>(work.n_rows());
  if (n_tokens == 0) return;
  const LatentGroups group = groups_of(work);
  const std::uint64_t n_head_groups = (op.n_heads + group.n_heads - 1) / group.n_heads;
  const std::uint64_t n_token_groups = (n_tokens + group.n_tokens - 1) / group.n_tokens;
  std::uint64_t longest = 0;
  for (std::uint32_t t = 0; t < n_tokens; ++t)
    longest = std::max(longest, static_cast<std::uint64_t>(work.inputs.positions[t]) + 1);
  if (op.in2 != kNoOperand) longest = std::min<std::uint64_t>(longest, op.top_k);
  const std::uint64_t cost =
      longest * group.n_heads * group.n_tokens * (op.head_dim + op.value_dim);
  work.workers.parallel_for(
      n_token_groups * n_head_groups, grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t item = begin; item < end; ++item) {
          const auto t = static_cast<std::uint32_t>(item / n_head_groups) * group.n_tokens;
          const auto head = static_cast<std::uint32_t>(item % n_head_groups) * group.n_heads;
          const LatentPart part{.begin = t,
                                .end = std::min(t + group.n_tokens, n_tokens),
                                .head = head,
                                .n_heads = std::min(group.n_heads, op.n_heads - head),
                                .q = work.in(),
                                .out = work.out(),
                                .chosen = op.in2 == kNoOperand
                                              ? nullptr
                                              : work.in2() + std::uint64_t{t} * 2 * op.top_k};
          work.kernels.attention_latent(op, work.bindings.kv, work.inputs, part);
        }
      });
}

}  // namespace

const CpuOp& cpu_op_attention_latent() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
