#include "base/check.h"
#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

void run(const StepWork& work) {
  const WeightView& weight = work.bindings.weights[work.op.weight];
  const std::uint64_t row_bytes = weight.format->row_bytes(weight.cols);
  for (std::uint64_t t = 0; t < work.n_rows(); ++t) {
    const std::int32_t token = work.inputs.token_ids[t];
    BLUE_CHECK(token >= 0 && static_cast<std::uint64_t>(token) < weight.rows,
               "token id outside the vocabulary");
    weight.format->decode({weight.data + static_cast<std::uint64_t>(token) * row_bytes, row_bytes},
                          {work.out() + t * work.op.cols, work.op.cols});
  }
}

}  // namespace

const CpuOp& cpu_op_embed() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
