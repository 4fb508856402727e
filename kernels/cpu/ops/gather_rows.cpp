#include <cstring>

#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

void run(const StepWork& work) {
  const std::uint64_t cols = work.op.cols;
  for (std::uint64_t o = 0; o < work.inputs.n_outputs; ++o) {
    const auto row = static_cast<std::uint64_t>(work.inputs.output_rows[o]);
    std::memcpy(work.out() + o * cols, work.in() + row * cols, cols * sizeof(float));
  }
}

}  // namespace

const CpuOp& cpu_op_gather_rows() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
