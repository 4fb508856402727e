#include "base/units.h"
#include "kernels/cpu/ops/ops.h"
#include "kernels/cpu/q8_rows.h"

namespace blue::kernels::cpu {
void quantise_rows(const StepWork& work, const OpKernels& kernels, std::uint64_t n_rows,
                   std::byte* to) {
  constexpr std::uint64_t kCost = 2;  // per value, in multiplications
  work.workers.parallel_for(n_rows, grain_of(work.op.cols * kCost),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              kernels.quantise(work.in(), to, begin, end, work.op.cols);
                            });
}

std::uint64_t linear_workspace(const Op& op, std::uint32_t max_tokens) {
  return op.cols % kQ8Group == 0 ? q8_row_stride(op.cols) * max_tokens : 0;
}

/// Rows of the weight are shared out, so that each of them is read by one worker only. A quantised
/// weight meets its activations as bytes: rounded once per op, into the workspace.
void linear(const StepWork& work, const FormatKernels& kernels, const OpKernels& ops) {
  const WeightView& weight = work.bindings.weights[work.op.weight];
  LinearPart whole{.weight = weight.data,
                   .row_bytes = weight.format->row_bytes(work.op.cols),
                   .in = work.in(),
                   .out = work.out(),
                   .cols = work.op.cols,
                   .out_width = work.op.rows,
                   .n_tokens = work.n_rows()};
  if (whole.n_tokens == 0) return;
  const auto run = kernels.linear_q8 != nullptr ? kernels.linear_q8 : kernels.linear;
  if (kernels.linear_q8 != nullptr) {
    whole.bytes = work.bindings.workspace;
    quantise_rows(work, ops, whole.n_tokens, whole.bytes);
  }
  const std::uint64_t grain = round_up(grain_of(whole.cols * whole.n_tokens), kRowsAtOnce);
  work.workers.parallel_for(work.op.rows, grain, [&](std::uint64_t begin, std::uint64_t end) {
    LinearPart part = whole;
    part.first_row = begin;
    part.end_row = end;
    run(part);
  });
}

}  // namespace blue::kernels::cpu
