#include "base/units.h"
#include "kernels/cpu/ops.h"

namespace blue::kernels::cpu {

/// Rows of the weight are shared out, so that each of them is read by one worker only. Four rows make a tile.
void linear(const StepWork& work, const FormatKernels& kernels) {
  const WeightView& weight = work.bindings.weights[work.op.weight];
  LinearPart whole{.weight = weight.data,
                   .row_bytes = weight.format->row_bytes(work.op.cols),
                   .in = work.in(),
                   .out = work.out(),
                   .cols = work.op.cols,
                   .out_width = work.op.rows,
                   .n_tokens = work.n_rows()};
  if (whole.n_tokens == 0) return;
  const std::uint64_t grain = round_up(grain_of(whole.cols * whole.n_tokens), 4);
  work.workers.parallel_for(work.op.rows, grain, [&](std::uint64_t begin, std::uint64_t end) {
    LinearPart part = whole;
    part.first_row = begin;
    part.end_row = end;
    kernels.linear(part);
  });
}

}  // namespace blue::kernels::cpu
