// An op of the CPU backend: how a step's work on it is shared out among the workers. Contracts are
// in kernels/ops. Depends on kernels/op.h and the worker pool. Threads: run() is called by the
// pool's owner.
#pragma once

#include <span>

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
  const OpKernels& kernels;
  const FormatKernels* format_kernels = nullptr;  ///< of the weight's format, for a product

  [[nodiscard]] std::uint64_t n_rows() const {
    return op.row_set == RowSet::tokens ? inputs.n_tokens : inputs.n_outputs;
  }
  [[nodiscard]] const float* in() const { return bindings.activations[op.in]; }
  [[nodiscard]] const float* in2() const { return bindings.activations[op.in2]; }
  [[nodiscard]] float* out() const { return bindings.activations[op.out]; }
};

/// Multiplications from which on another thread pays off: waking a spinning worker takes about a
/// microsecond.
inline constexpr std::uint64_t kWorthSharing = 32768;

/// How many items of `cost` multiplications each make a part worth sharing.
constexpr std::uint64_t grain_of(std::uint64_t cost) {
  return cost >= kWorthSharing ? 1 : kWorthSharing / (cost + 1) + 1;
}

/// One op on the CPU. kernels/cpu/ops/<op>.cpp defines `const CpuOp& cpu_op_<op>();`.
struct CpuOp {
  /// Returns when every worker has finished. Never allocates, never fails: the op has passed
  /// supports().
  void (*run)(const StepWork& work) = nullptr;
  /// Bytes of Bindings::workspace that steps of up to max_tokens need; null: none.
  std::uint64_t (*workspace_bytes)(const Op& op, std::uint32_t max_tokens,
                                   std::uint32_t n_workers) = nullptr;
  bool has_format_kernels = false;  ///< it calls StepWork::format_kernels
};

/// Every op, in the order of OpKind (generated from the names of kernels/ops).
std::span<const CpuOp* const> cpu_ops();

}  // namespace blue::kernels::cpu
