#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

void run(const StepWork& work) {
  constexpr std::uint64_t kRounds = 8;  // log2 of the usual sizes, and the scaling
  const std::uint64_t n_groups = work.n_rows() * work.op.n_heads;
  work.workers.parallel_for(
      n_groups, grain_of(work.op.cols * kRounds), [&](std::uint64_t begin, std::uint64_t end) {
        work.kernels.hadamard(work.in(), work.out(), begin, end, work.op.cols);
      });
}

}  // namespace

const CpuOp& cpu_op_hadamard() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
