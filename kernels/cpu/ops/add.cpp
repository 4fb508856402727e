#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

/// Bound by memory, so that a part must be a good deal of it before another thread helps.
void run(const StepWork& work) {
  const float* in = work.in();
  const float* in2 = work.in2();
  float* out = work.out();
  work.workers.parallel_for(work.n_rows() * work.op.cols, kWorthSharing,
                            [=](std::uint64_t begin, std::uint64_t end) {
                              for (std::uint64_t i = begin; i < end; ++i) out[i] = in[i] + in2[i];
                            });
}

}  // namespace

const CpuOp& cpu_op_add() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
