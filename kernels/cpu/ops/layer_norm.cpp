#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

void run(const StepWork& work) {
  const auto* weight = reinterpret_cast<const float*>(work.bindings.weights[work.op.weight].data);
  work.workers.parallel_for(work.n_rows(), grain_of(work.op.cols),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              work.kernels.layer_norm(work.in(), weight, work.out(), begin, end,
                                                      work.op.cols, work.op.eps);
                            });
}

}  // namespace

const CpuOp& cpu_op_layer_norm() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
