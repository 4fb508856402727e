#include "kernels/cpu/ops/ops.h"

namespace blue::kernels::cpu {

void layer_norm(const StepWork& work, const OpKernels& kernels) {
  const auto* weight = reinterpret_cast<const float*>(work.bindings.weights[work.op.weight].data);
  work.workers.parallel_for(
      work.n_rows(), grain_of(work.op.cols), [&](std::uint64_t begin, std::uint64_t end) {
        kernels.layer_norm(work.in(), weight, work.out(), begin, end, work.op.cols, work.op.eps);
      });
}

}  // namespace blue::kernels::cpu
