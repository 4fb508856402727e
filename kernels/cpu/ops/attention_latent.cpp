#include "kernels/cpu/attention_work.h"

namespace blue::kernels::cpu {
namespace {

AttentionShape shape_of(const Op& op) {
  return {.n_heads = op.n_heads,
          .n_kv_heads = 1,
          .key_dim = op.head_dim,
          .value_dim = op.value_dim,
          .is_value_in_key = true};
}

void run(const StepWork& work) { attend_step(work, shape_of(work.op)); }

std::uint64_t workspace_bytes(const Op& op, std::uint32_t max_tokens, std::uint32_t /*n_workers*/) {
  return attention_workspace_bytes(shape_of(op), max_tokens);
}

}  // namespace

const CpuOp& cpu_op_attention_latent() {
  static constexpr CpuOp kOp{.run = run, .workspace_bytes = workspace_bytes};
  return kOp;
}

}  // namespace blue::kernels::cpu
