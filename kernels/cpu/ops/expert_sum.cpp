#include <algorithm>

#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

/// Columns that stay in the first cache while every chosen expert's row is added to them.
constexpr std::uint64_t kColumnsAtOnce = 1024;

void sum_columns(const float* weights, std::uint32_t top_k, const float* in, float* out,
                 std::uint64_t cols, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t c = begin; c < end; ++c) out[c] = weights[0] * in[c];
  for (std::uint32_t j = 1; j < top_k; ++j) {
    const float* row = in + j * cols;
    for (std::uint64_t c = begin; c < end; ++c) out[c] += weights[j] * row[c];
  }
}

void run(const StepWork& work) {
  const Op& op = work.op;
  const std::uint64_t cols = op.cols;
  const std::uint64_t n_pieces = (cols + kColumnsAtOnce - 1) / kColumnsAtOnce;
  const std::uint64_t grain = grain_of(std::min(cols, kColumnsAtOnce) * op.top_k);
  work.workers.parallel_for(work.n_rows() * n_pieces, grain,
                            [&](std::uint64_t begin, std::uint64_t end) {
                              for (std::uint64_t item = begin; item < end; ++item) {
                                const std::uint64_t t = item / n_pieces;
                                const std::uint64_t first = item % n_pieces * kColumnsAtOnce;
                                sum_columns(work.in2() + (2 * t + 1) * op.top_k, op.top_k,
                                            work.in() + t * op.top_k * cols, work.out() + t * cols,
                                            cols, first, std::min(cols, first + kColumnsAtOnce));
                              }
                            });
}

}  // namespace

const CpuOp& cpu_op_expert_sum() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
