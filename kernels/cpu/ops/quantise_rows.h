// Rounds an op's input to bytes by all workers, for ops that multiply a quantised weight. Depends
// on cpu_op.h. Called by the pool's owner; never allocates.
#pragma once

#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {

/// Rows [0, n_rows) of the op's input as rows of q8_rows.h from `to` on.
inline void quantise_rows(const StepWork& work, std::uint64_t n_rows, std::byte* to) {
  constexpr std::uint64_t kCost = 2;  // per value, in multiplications
  work.workers.parallel_for(n_rows, grain_of(work.op.cols * kCost),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              work.kernels.quantise(work.in(), to, begin, end, work.op.cols);
                            });
}

}  // namespace blue::kernels::cpu
