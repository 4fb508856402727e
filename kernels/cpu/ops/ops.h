// The ops of the CPU backend on its workers. Shapes and meaning stand at OpKind.
// Depends on kernels/op.h and the worker pool. Threads: each is called from the pool's owner and
// returns when every worker has finished. None allocates. Errors: none, the op has passed
// supports().
#pragma once

#include "kernels/cpu/format_kernels.h"
#include "kernels/cpu/op_kernels.h"
#include "kernels/cpu/worker_pool.h"
#include "kernels/op.h"

namespace blue::kernels::cpu {

/// What an op of one step works on.
struct StepWork {
  const Op& op;
  const Bindings& bindings;
  const StepInputs& inputs;
  WorkerPool& workers;

  [[nodiscard]] std::uint64_t n_rows() const {
    return op.row_set == RowSet::tokens ? inputs.n_tokens : inputs.n_outputs;
  }
  [[nodiscard]] const float* in() const { return bindings.activations[op.in]; }
  [[nodiscard]] const float* in2() const { return bindings.activations[op.in2]; }
  [[nodiscard]] float* out() const { return bindings.activations[op.out]; }
};

/// Multiplications that are worth handing to another thread: a hand-over to a spinning worker takes
/// about a microsecond.
inline constexpr std::uint64_t kWorthSharing = 32768;

/// How many items of `cost` multiplications each make a part worth sharing.
constexpr std::uint64_t grain_of(std::uint64_t cost) {
  return cost >= kWorthSharing ? 1 : kWorthSharing / (cost + 1) + 1;
}

void embed(const StepWork& work);
void rms_norm(const StepWork& work, const OpKernels& kernels);
void linear(const StepWork& work, const FormatKernels& kernels, const OpKernels& ops);
/// Rows [0, n_rows) of the op's input as bytes (q8_rows.h), by all workers.
void quantise_rows(const StepWork& work, const OpKernels& kernels, std::uint64_t n_rows,
                   std::byte* to);
/// Bytes of workspace that a linear needs for its activations as bytes.
std::uint64_t linear_workspace(const Op& op, std::uint32_t max_tokens);
void rope(const StepWork& work);
void kv_append(const StepWork& work);
void attention(const StepWork& work, const OpKernels& kernels);
void silu_mul(const StepWork& work, const OpKernels& kernels);
void add(const StepWork& work);
void gather_rows(const StepWork& work);
void add_bias(const StepWork& work);
/// Works in route_workspace() bytes of Bindings::workspace.
void route(const StepWork& work);
/// Works in expert_workspace() bytes of Bindings::workspace.
void expert_linear(const StepWork& work, const FormatKernels& kernels, const OpKernels& ops);
void expert_sum(const StepWork& work);
/// Works in head_linear_workspace() bytes of Bindings::workspace.
void head_linear(const StepWork& work, const FormatKernels& kernels, const OpKernels& ops);
void attention_latent(const StepWork& work, const OpKernels& kernels);
void index_topk(const StepWork& work, const OpKernels& kernels);
void layer_norm(const StepWork& work, const OpKernels& kernels);
void hadamard(const StepWork& work, const OpKernels& kernels);

/// Bytes of workspace that the op needs for up to max_tokens.
std::uint64_t route_workspace(const Op& op, std::uint32_t max_tokens);
std::uint64_t expert_workspace(const Op& op, std::uint32_t max_tokens);
std::uint64_t head_linear_workspace(const Op& op, std::uint32_t max_tokens);
std::uint64_t index_topk_workspace(const Op& op, std::uint32_t max_tokens, std::uint32_t n_workers);

}  // namespace blue::kernels::cpu
