#include <algorithm>
#include <cstring>

#include "base/units.h"
#include "kernels/cpu/ops/cpu_op.h"
#include "kernels/cpu/q8_rows.h"

namespace blue::kernels::cpu {
namespace {

constexpr std::uint64_t kFloatRows = 4;  // rows that a format's kernel takes together

/// The op's inputs as its kernel reads them, in the workspace: head by head, for each head the
/// tokens in a row.
struct HeadInputs {
  float* values = nullptr;     ///< [n_heads, n_tokens, cols]
  std::byte* bytes = nullptr;  ///< the same as rows of q8_rows.h, for a quantised weight; else null
};

HeadInputs inputs_of(const StepWork& work, const FormatKernels& kernels) {
  if (kernels.linear_q8 != nullptr) return {.bytes = work.bindings.workspace};
  return {.values = reinterpret_cast<float*>(work.bindings.workspace)};
}

/// Copies the inputs to the workspace, and the values that stay unchanged to out.
void gather_heads(const StepWork& work, const HeadInputs& inputs) {
  const Op& op = work.op;
  const std::uint64_t n_tokens = work.n_rows();
  const std::uint64_t n_rest = op.head_dim - op.cols;
  const std::uint64_t out_dim = op.rows + n_rest;
  const std::uint64_t grain = kWorthSharing / (op.head_dim + 1) + 1;  // bound by memory
  work.workers.parallel_for(
      op.n_heads * n_tokens, grain, [&](std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t item = begin; item < end; ++item) {
          const std::uint64_t t = item % n_tokens;
          const std::uint64_t head = t * op.n_heads + item / n_tokens;
          const float* in = work.in() + head * op.head_dim;
          float* rest = work.out() + head * out_dim + op.rows;
          if (inputs.bytes != nullptr) {
            work.kernels.quantise(in, inputs.bytes + item * q8_row_stride(op.cols), 0, 1, op.cols);
          } else if (n_tokens > 1) {
            std::memcpy(inputs.values + item * op.cols, in, op.cols * sizeof(float));
          }
          std::memcpy(rest, in + op.cols, n_rest * sizeof(float));
        }
      });
}

/// Rows [first_row, end_row) of one head for all tokens.
void multiply_head(const StepWork& work, const FormatKernels& kernels, const HeadInputs& inputs,
                   std::uint64_t head, std::uint64_t first_row, std::uint64_t end_row) {
  const Op& op = work.op;
  const WeightView& weight = work.bindings.weights[op.weight];
  const std::uint64_t row_bytes = weight.format->row_bytes(op.cols);
  const std::uint64_t n_tokens = work.n_rows();
  const std::uint64_t out_dim = std::uint64_t{op.rows} + op.head_dim - op.cols;
  LinearPart part{.weight = weight.data + head * op.rows * row_bytes,
                  .row_bytes = row_bytes,
                  .first_row = first_row,
                  .end_row = end_row,
                  .out = work.out() + head * out_dim,
                  .cols = op.cols,
                  .out_width = op.n_heads * out_dim,
                  .n_tokens = n_tokens};
  if (inputs.bytes != nullptr) {
    part.bytes = inputs.bytes + head * n_tokens * q8_row_stride(op.cols);
    kernels.linear_q8(part);
  } else {
    part.in =
        n_tokens == 1 ? work.in() + head * op.head_dim : inputs.values + head * n_tokens * op.cols;
    kernels.linear(part);
  }
}

std::uint64_t workspace_bytes(const Op& op, std::uint32_t max_tokens, std::uint32_t /*n_workers*/) {
  const std::uint64_t n_bytes = op.cols % kQ8Group == 0 ? q8_row_stride(op.cols) : 0;
  return std::uint64_t{max_tokens} * op.n_heads *
         std::max<std::uint64_t>(op.cols * sizeof(float), n_bytes);
}

/// Tiles of rows of all heads are shared out; each row of the weight is read by one worker only. A
/// quantised weight is multiplied with activations as bytes, as in linear.
void run(const StepWork& work) {
  const FormatKernels& kernels = *work.format_kernels;
  const Op& op = work.op;
  if (work.n_rows() == 0) return;
  const HeadInputs inputs = inputs_of(work, kernels);
  gather_heads(work, inputs);
  const std::uint64_t tile_rows = inputs.bytes != nullptr ? kRowsAtOnce : kFloatRows;
  const std::uint64_t n_tiles = (op.rows + tile_rows - 1) / tile_rows;  // per head
  const std::uint64_t cost = tile_rows * op.cols * work.n_rows();
  work.workers.parallel_for(
      op.n_heads * n_tiles, grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
        while (begin < end) {
          const std::uint64_t head = begin / n_tiles;
          const std::uint64_t end_tile = std::min(end, (head + 1) * n_tiles);
          const std::uint64_t end_row =
              std::min<std::uint64_t>((end_tile - head * n_tiles) * tile_rows, op.rows);
          multiply_head(work, kernels, inputs, head, (begin - head * n_tiles) * tile_rows, end_row);
          begin = end_tile;
        }
      });
}

}  // namespace

const CpuOp& cpu_op_head_linear() {
  static constexpr CpuOp kOp{
      .run = run, .workspace_bytes = workspace_bytes, .has_format_kernels = true};
  return kOp;
}

}  // namespace blue::kernels::cpu
