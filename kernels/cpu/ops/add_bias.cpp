#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

void run(const StepWork& work) {
  const auto* bias = reinterpret_cast<const float*>(work.bindings.weights[work.op.weight].data);
  const std::uint64_t cols = work.op.cols;
  const float* from = work.in();
  float* to = work.out();
  const std::uint64_t grain = kWorthSharing / (cols + 1) + 1;  // bound by memory, as add is
  work.workers.parallel_for(work.n_rows(), grain, [=](std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t t = begin; t < end; ++t) {
      for (std::uint64_t c = 0; c < cols; ++c) to[t * cols + c] = from[t * cols + c] + bias[c];
    }
  });
}

}  // namespace

const CpuOp& cpu_op_add_bias() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
