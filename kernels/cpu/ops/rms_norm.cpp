#include <algorithm>

#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

void run(const StepWork& work) {
  const auto* weight = reinterpret_cast<const float*>(work.bindings.weights[work.op.weight].data);
  const std::uint64_t n_groups = work.n_rows() * work.op.n_heads;
  const std::uint64_t stride = std::max(work.op.head_dim, work.op.cols);
  work.workers.parallel_for(n_groups, grain_of(work.op.cols),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              work.kernels.rms_norm(work.in(), weight, work.out(), begin, end,
                                                    work.op.cols, stride, work.op.eps);
                            });
}

}  // namespace

const CpuOp& cpu_op_rms_norm() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
