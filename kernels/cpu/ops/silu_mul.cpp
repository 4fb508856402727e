#include "kernels/cpu/ops/ops.h"

namespace blue::kernels::cpu {

void silu_mul(const StepWork& work, const OpKernels& kernels) {
  constexpr std::uint64_t kCost = 8;  // one exponential in vectors, in multiplications
  work.workers.parallel_for(work.n_rows() * work.op.cols, grain_of(kCost),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              kernels.silu_mul(work.in(), work.in2(), work.out(), begin, end);
                            });
}

}  // namespace blue::kernels::cpu
