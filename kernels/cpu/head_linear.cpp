#include <algorithm>
#include <cstring>

#include "base/units.h"
#include "kernels/cpu/ops.h"

namespace blue::kernels::cpu {
namespace {

constexpr std::uint64_t kTileRows = 4;  // rows that a format's kernel takes together

/// A format's kernel reads input rows that lie one after the other: those of each head are brought together,
/// [n_heads, n_tokens, cols], and the values that stay as they are go to their place at the same time.
void gather_heads(const StepWork& work, float* gathered) {
  const Op& op = work.op;
  const std::uint64_t n_tokens = work.n_rows();
  const std::uint64_t n_rest = op.head_dim - op.cols;
  const std::uint64_t out_dim = op.rows + n_rest;
  const std::uint64_t grain = kWorthSharing / (op.head_dim + 1) + 1;  // bound by memory
  work.workers.parallel_for(op.n_heads * n_tokens, grain, [&](std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t item = begin; item < end; ++item) {
      const std::uint64_t t = item % n_tokens;
      const std::uint64_t head = t * op.n_heads + item / n_tokens;
      const float* in = work.in() + head * op.head_dim;
      float* rest = work.out() + head * out_dim + op.rows;
      if (n_tokens > 1) std::memcpy(gathered + item * op.cols, in, op.cols * sizeof(float));
      std::memcpy(rest, in + op.cols, n_rest * sizeof(float));
    }
  });
}

/// Rows [first_row, end_row) of one head for all tokens.
void multiply_head(const StepWork& work, const FormatKernels& kernels, const float* gathered,
                   std::uint64_t head, std::uint64_t first_row, std::uint64_t end_row) {
  const Op& op = work.op;
  const WeightView& weight = work.bindings.weights[op.weight];
  const std::uint64_t row_bytes = weight.format->row_bytes(op.cols);
  const std::uint64_t n_tokens = work.n_rows();
  const std::uint64_t out_dim = std::uint64_t{op.rows} + op.head_dim - op.cols;
  kernels.linear({.weight = weight.data + head * op.rows * row_bytes,
                  .row_bytes = row_bytes,
                  .first_row = first_row,
                  .end_row = end_row,
                  .in = n_tokens == 1 ? work.in() + head * op.head_dim : gathered + head * n_tokens * op.cols,
                  .out = work.out() + head * out_dim,
                  .cols = op.cols,
                  .out_width = op.n_heads * out_dim,
                  .n_tokens = n_tokens});
}

}  // namespace

std::uint64_t head_linear_workspace(const Op& op, std::uint32_t max_tokens) {
  return std::uint64_t{max_tokens} * op.n_heads * op.cols * sizeof(float);
}

/// Tiles of rows of all heads are shared out; each row of the weight is read by one worker only.
void head_linear(const StepWork& work, const FormatKernels& kernels) {
  const Op& op = work.op;
  if (work.n_rows() == 0) return;
  auto* gathered = reinterpret_cast<float*>(work.bindings.workspace);
  gather_heads(work, gathered);
  const std::uint64_t n_tiles = (op.rows + kTileRows - 1) / kTileRows;  // per head
  const std::uint64_t cost = kTileRows * op.cols * work.n_rows();
  work.workers.parallel_for(
      op.n_heads * n_tiles, grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
        while (begin < end) {
          const std::uint64_t head = begin / n_tiles;
          const std::uint64_t end_tile = std::min(end, (head + 1) * n_tiles);
          const std::uint64_t end_row =
              std::min<std::uint64_t>((end_tile - head * n_tiles) * kTileRows, op.rows);
          multiply_head(work, kernels, gathered, head, (begin - head * n_tiles) * kTileRows, end_row);
          begin = end_tile;
        }
      });
}

}  // namespace blue::kernels::cpu
