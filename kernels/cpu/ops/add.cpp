#include "kernels/cpu/ops/ops.h"

namespace blue::kernels::cpu {

/// Bound by memory, so that a part must be a good deal of it before another thread helps.
void add(const StepWork& work) {
  const float* in = work.in();
  const float* in2 = work.in2();
  float* out = work.out();
  work.workers.parallel_for(work.n_rows() * work.op.cols, kWorthSharing,
                            [=](std::uint64_t begin, std::uint64_t end) {
                              for (std::uint64_t i = begin; i < end; ++i) out[i] = in[i] + in2[i];
                            });
}

}  // namespace blue::kernels::cpu
