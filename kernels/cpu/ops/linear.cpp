#include "base/units.h"
#include "kernels/cpu/ops/cpu_op.h"
#include "kernels/cpu/ops/quantise_rows.h"
#include "kernels/cpu/q8_rows.h"

namespace blue::kernels::cpu {
namespace {

std::uint64_t workspace_bytes(const Op& op, std::uint32_t max_tokens, std::uint32_t /*n_workers*/) {
  return op.cols % kQ8Group == 0 ? q8_row_stride(op.cols) * max_tokens : 0;
}

/// Rows of the weight are shared out, so that each of them is read by one worker only. A quantised
/// weight is multiplied with activations as bytes: rounded once per op, into the workspace.
void run(const StepWork& work) {
  const FormatKernels& kernels = *work.format_kernels;
  const WeightView& weight = work.bindings.weights[work.op.weight];
  LinearPart whole{.weight = weight.data,
                   .row_bytes = weight.format->row_bytes(work.op.cols),
                   .in = work.in(),
                   .out = work.out(),
                   .cols = work.op.cols,
                   .out_width = work.op.rows,
                   .n_tokens = work.n_rows()};
  if (whole.n_tokens == 0) return;
  const auto multiply = kernels.linear_q8 != nullptr ? kernels.linear_q8 : kernels.linear;
  if (kernels.linear_q8 != nullptr) {
    whole.bytes = work.bindings.workspace;
    quantise_rows(work, whole.n_tokens, whole.bytes);
  }
  const std::uint64_t grain = round_up(grain_of(whole.cols * whole.n_tokens), kRowsAtOnce);
  work.workers.parallel_for(work.op.rows, grain, [&](std::uint64_t begin, std::uint64_t end) {
    LinearPart part = whole;
    part.first_row = begin;
    part.end_row = end;
    multiply(part);
  });
}

}  // namespace

const CpuOp& cpu_op_linear() {
  static constexpr CpuOp kOp{
      .run = run, .workspace_bytes = workspace_bytes, .has_format_kernels = true};
  return kOp;
}

}  // namespace blue::kernels::cpu
