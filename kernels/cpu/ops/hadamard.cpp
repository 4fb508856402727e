#include "kernels/cpu/ops/ops.h"

namespace blue::kernels::cpu {

void hadamard(const StepWork& work, const OpKernels& kernels) {
  constexpr std::uint64_t kRounds = 8;  // log2 of the usual sizes, and the scaling
  const std::uint64_t n_groups = work.n_rows() * work.op.n_heads;
  work.workers.parallel_for(n_groups, grain_of(work.op.cols * kRounds),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              kernels.hadamard(work.in(), work.out(), begin, end, work.op.cols);
                            });
}

}  // namespace blue::kernels::cpu
