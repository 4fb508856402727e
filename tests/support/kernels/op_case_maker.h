// CaseMaker: one op case of a given shape; op_cases.cpp and random_cases.cpp choose the shapes.
// Depends on op_case_builder.h. One maker at a time; any thread.
#pragma once

#include <cmath>
#include <string>

#include "tests/support/kernels/op_case_builder.h"

namespace blue::test {

struct ExpertShape {
  std::uint16_t n_experts, top_k;
  std::uint32_t rows, n_tokens;
};

struct RouteShape {
  std::uint16_t n_experts, top_k, n_groups, n_groups_used;
};

struct HeadShape {
  std::uint32_t n_heads, n_kv_heads, head_dim, n_tokens;
};

class CaseMaker : public OpCaseBuilder {
 public:
  using OpCaseBuilder::OpCaseBuilder;

  void add_embed(const kernels::Format& format, std::uint32_t cols) {
    OpCase made = start(kernels::OpKind::embed, 7, 0);
    made.op.cols = cols;
    made.op.rows = kVocabulary;
    put_weight(made, format, kVocabulary, cols);
    put_out(made, std::uint64_t{7} * cols);
    finish(std::move(made), text("cols", cols));
  }

  void add_linear(const kernels::Format& format, std::uint32_t rows, std::uint32_t cols,
                  std::uint32_t n, kernels::RowSet row_set) {
    OpCase made = start(kernels::OpKind::linear, n, n);
    made.op.row_set = row_set;
    made.op.rows = rows;
    made.op.cols = cols;
    put_weight(made, format, rows, cols);
    put_in(made, kInOperand, std::uint64_t{n} * cols, 1.0F);
    put_out(made, std::uint64_t{n} * rows);
    finish(std::move(made), text("rows", rows) + text("cols", cols) +
                                text(row_set == kernels::RowSet::tokens ? "tokens" : "outputs", n));
  }

  /// `out` in the input's operand, or apart and over the outputs' rows.
  void add_norm(std::uint32_t cols, std::uint32_t n_heads, kernels::Operand out) {
    OpCase made = start(kernels::OpKind::rms_norm, 5, 5);
    made.op.row_set = out == kInOperand ? kernels::RowSet::tokens : kernels::RowSet::outputs;
    made.op.cols = cols;
    made.op.n_heads = n_heads;
    made.op.eps = 1e-5F;
    made.op.out = out;
    put_weight(made, *kernels::find_format("F32"), 1, cols);
    put_in(made, kInOperand, std::uint64_t{5} * n_heads * cols, 3.0F);
    put_out(made, std::uint64_t{5} * n_heads * cols);
    finish(std::move(made),
           text("cols", cols) + text("heads", n_heads) + text("out in operand", out));
  }

  void add_pairwise(kernels::OpKind kind, std::uint32_t cols, float largest, kernels::Operand out) {
    OpCase made = start(kind, 3, 0);
    made.op.cols = cols;
    made.op.out = out;
    put_in(made, kInOperand, std::uint64_t{3} * cols, largest);
    put_in(made, kIn2Operand, std::uint64_t{3} * cols, 2.0F);
    put_out(made, std::uint64_t{3} * cols);
    finish(std::move(made), text("cols", cols) + text("out in operand", out));
  }

  void add_bias(std::uint32_t cols, kernels::Operand out) {
    OpCase made = start(kernels::OpKind::add_bias, 7, 0);
    made.op.cols = cols;
    made.op.out = out;
    put_weight(made, *kernels::find_format("F32"), 1, cols);
    put_in(made, kInOperand, std::uint64_t{7} * cols, 4.0F);
    put_out(made, std::uint64_t{7} * cols);
    finish(std::move(made), text("cols", cols) + text("out in operand", out));
  }

  void add_route(const RouteShape& shape, kernels::Gating gating, kernels::RouteWeights weights,
                 bool has_bias) {
    OpCase made = start(kernels::OpKind::route, 13, 0);
    made.op.n_experts = shape.n_experts;
    made.op.top_k = shape.top_k;
    made.op.n_groups = shape.n_groups;
    made.op.n_groups_used = shape.n_groups_used;
    made.op.gating = gating;
    made.op.route_weights = weights;
    made.op.scale = 2.5F;
    if (has_bias) put_weight(made, *kernels::find_format("F32"), 1, shape.n_experts);
    put_in(made, kInOperand, std::uint64_t{13} * shape.n_experts, 4.0F);
    put_out(made, std::uint64_t{13} * 2 * shape.top_k);
    finish(std::move(made), text("experts", shape.n_experts) + text("chosen", shape.top_k) +
                                text("groups", shape.n_groups) +
                                text("gating", static_cast<unsigned>(gating)) +
                                (has_bias ? ", biased" : ""));
  }

  /// `absent_every`: each so-many-th expert has no address; 0: all are here.
  void add_expert_linear(const kernels::Format& format, const ExpertShape& shape,
                         std::uint32_t cols, kernels::ExpertInput input,
                         std::uint32_t absent_every) {
    OpCase made = start(kernels::OpKind::expert_linear, shape.n_tokens, 0);
    made.op.n_experts = shape.n_experts;
    made.op.top_k = shape.top_k;
    made.op.rows = shape.rows;
    made.op.cols = cols;
    made.op.expert_input = input;
    made.absent_every = absent_every;
    put_weight(made, format, std::uint64_t{shape.n_experts} * shape.rows, cols);
    const std::uint64_t n_in = input == kernels::ExpertInput::shared ? 1 : shape.top_k;
    put_in(made, kInOperand, shape.n_tokens * n_in * cols, 1.0F);
    put_route(made);
    put_out(made, std::uint64_t{shape.n_tokens} * shape.top_k * shape.rows);
    finish(std::move(made),
           text("experts", shape.n_experts) + text("chosen", shape.top_k) +
               text("rows", shape.rows) + text("cols", cols) + text("tokens", shape.n_tokens) +
               text("input", static_cast<unsigned>(input)) + text("absent", absent_every));
  }

  void add_expert_sum(std::uint32_t cols, std::uint16_t top_k) {
    OpCase made = start(kernels::OpKind::expert_sum, 9, 0);
    made.op.n_experts = 24;
    made.op.top_k = top_k;
    made.op.cols = cols;
    put_in(made, kInOperand, std::uint64_t{9} * top_k * cols, 3.0F);
    put_route(made);
    made.magnitudes.weight = 1.0;
    put_out(made, std::uint64_t{9} * cols);
    finish(std::move(made), text("cols", cols) + text("chosen", top_k));
  }

  void add_gather(std::uint32_t cols, std::uint32_t n_outputs) {
    OpCase made = start(kernels::OpKind::gather_rows, 9, n_outputs);
    made.op.row_set = kernels::RowSet::outputs;
    made.op.cols = cols;
    put_in(made, kInOperand, std::uint64_t{9} * cols, 1.0F);
    put_out(made, std::uint64_t{n_outputs} * cols);
    finish(std::move(made), text("cols", cols) + text("outputs", n_outputs));
  }

  void add_rope(const kernels::Op& op, bool has_divisors, const std::string& scaling) {
    OpCase made = start(kernels::OpKind::rope, 11, 0);
    const kernels::Op blank = made.op;
    made.op = op;
    made.op.kind = blank.kind;
    made.op.layer = blank.layer;
    made.op.in = kInOperand;
    made.op.out = kInOperand;
    if (has_divisors) put_divisors(made, op.rotary_dims / 2);
    put_in(made, kInOperand, std::uint64_t{11} * op.n_heads * op.head_dim, 1.0F);
    finish(std::move(made), text("heads", op.n_heads) + text("head_dim", op.head_dim) +
                                text("rotary", op.rotary_dims) +
                                text("style", static_cast<unsigned>(op.rope_style)) + scaling);
  }

  /// An append of new rows and an attention over old ones. Nothing where the cache's type can't
  /// hold such rows.
  void add_cache_ops(kernels::KvType type, const HeadShape& shape) {
    if (shape.n_kv_heads * shape.head_dim % kernels::kv_block_values(type) != 0) return;
    const std::string name = text("heads", shape.n_heads) + text("kv heads", shape.n_kv_heads) +
                             text("head_dim", shape.head_dim) + text("tokens", shape.n_tokens) +
                             ", " + std::string(kernels::to_text(type)) + " cache";
    const std::uint32_t kv_width = shape.n_kv_heads * shape.head_dim;
    OpCase append = start(kernels::OpKind::kv_append, shape.n_tokens, 0);
    set_heads(append, shape.n_heads, shape.n_kv_heads, shape.head_dim);
    put_in(append, kInOperand, std::uint64_t{shape.n_tokens} * kv_width, 1.0F);
    put_in(append, kIn2Operand, std::uint64_t{shape.n_tokens} * kv_width, 1.0F);
    append.op.out = kernels::kNoOperand;
    put_cache(append, type, kv_width, kv_width);
    finish(std::move(append), name);

    OpCase attention = start(kernels::OpKind::attention, shape.n_tokens, 0);
    set_heads(attention, shape.n_heads, shape.n_kv_heads, shape.head_dim);
    attention.op.scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
    const std::uint64_t width = std::uint64_t{shape.n_heads} * shape.head_dim;
    put_in(attention, kInOperand, shape.n_tokens * width, 2.0F);
    put_out(attention, shape.n_tokens * width);
    put_cache(attention, type, kv_width, kv_width);
    fill_cache(attention);
    finish(std::move(attention), name);
  }
};

}  // namespace blue::test
