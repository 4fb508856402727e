// The ops of the CPU backend on its workers. Shapes and meaning stand at OpKind.
// Depends on kernels/op.h and the worker pool. Threads: each is called from the pool's owner and returns when every
// worker has finished. None allocates. Errors: none, the op has passed supports().
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

/// Multiplications that are worth handing to another thread: a hand-over to a spinning worker takes about a microsecond.
inline constexpr std::uint64_t kWorthSharing = 32768;

/// How many items of `cost` multiplications each make a part worth sharing.
constexpr std::uint64_t grain_of(std::uint64_t cost) {
  return cost >= kWorthSharing ? 1 : kWorthSharing / (cost + 1) + 1;
}

void embed(const StepWork& work);
void rms_norm(const StepWork& work, const OpKernels& kernels);
void linear(const StepWork& work, const FormatKernels& kernels, const OpKernels& ops);
/// Bytes of workspace that a linear needs for its activations as bytes.
std::uint64_t linear_workspace(const Op& op, std::uint32_t max_tokens);
void rope(const StepWork& work);
void kv_append(const StepWork& work);
void attention(const StepWork& work, const OpKernels& kernels);
void silu_mul(const StepWork& work, const OpKernels& kernels);
void add(const StepWork& work);
void gather_rows(const StepWork& work);

}  // namespace blue::kernels::cpu
