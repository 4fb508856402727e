#include <algorithm>

#include "kernels/cpu/ops/ops.h"

namespace blue::kernels::cpu {

void rms_norm(const StepWork& work, const OpKernels& kernels) {
  const auto* weight = reinterpret_cast<const float*>(work.bindings.weights[work.op.weight].data);
  const std::uint64_t n_groups = work.n_rows() * work.op.n_heads;
  const std::uint64_t stride = std::max(work.op.head_dim, work.op.cols);
  work.workers.parallel_for(n_groups, grain_of(work.op.cols),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              kernels.rms_norm(work.in(), weight, work.out(), begin, end,
                                               work.op.cols, stride, work.op.eps);
                            });
}

}  // namespace blue::kernels::cpu
