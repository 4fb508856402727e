#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

void run(const StepWork& work) {
  constexpr std::uint64_t kCost = 8;  // one exponential in vectors, in multiplications
  work.workers.parallel_for(work.n_rows() * work.op.cols, grain_of(kCost),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              work.kernels.silu_mul(work.in(), work.in2(), work.out(), begin, end);
                            });
}

}  // namespace

const CpuOp& cpu_op_silu_mul() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
