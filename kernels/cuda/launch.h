// How the host launches a kernel: one signature for every op, so that the backend is a table and an
// op one file. Needs no CUDA header, so that generated tables and tests may include
// it. Depends on kernels/op.h.
// Threads: as Backend::enqueue. A launch never allocates and never synchronises; its result is
// cudaGetLastError().
#pragma once

#include "kernels/op.h"

struct CUstream_st;

namespace blue::kernels::cuda {

/// Enqueues `op` on `stream` of the calling thread's current device. Only n_tokens and n_outputs
/// shape the launch: what else changes from step to step is read from device memory by the kernel,
/// so a captured launch can be replayed.
using Launch = void (*)(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                        CUstream_st* stream);

/// Rows that `op` runs over in this step.
inline std::uint32_t n_rows(const Op& op, const StepInputs& inputs) {
  return op.row_set == RowSet::tokens ? inputs.n_tokens : inputs.n_outputs;
}

/// Blocks of `per_block` that cover `n`.
constexpr std::uint32_t n_blocks(std::uint64_t n, std::uint32_t per_block) {
  return static_cast<std::uint32_t>((n + per_block - 1) / per_block);
}

}  // namespace blue::kernels::cuda
