// How op cases are made; how they are run is in kernels_op_runs.cpp.
#include "tests/support/kernels_op_cases.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "tests/support/kernels_op_case_builder.h"

namespace blue::test {
namespace {

using kernels::Format;
using kernels::KvType;
using kernels::Op;
using kernels::OpKind;
using kernels::RowSet;

class CaseMaker : public OpCaseBuilder {
 public:
  using OpCaseBuilder::OpCaseBuilder;

  void add_embeds(const Format& format, std::span<const std::uint32_t> all_cols) {
    for (const std::uint32_t cols : all_cols) {
      OpCase made = start(OpKind::embed, 7, 0);
      made.op.cols = cols;
      made.op.rows = kVocabulary;
      put_weight(made, format, kVocabulary, cols);
      put_out(made, std::uint64_t{7} * cols);
      finish(std::move(made), text("cols", cols));
    }
  }

  void add_linears(const Format& format, std::span<const std::uint32_t> all_cols) {
    for (const std::uint32_t cols : all_cols) {
      for (const std::uint32_t rows : {1U, 3U, 33U}) {
        for (const std::uint32_t n_tokens : {1U, 2U, 7U, 33U})
          add_linear(format, rows, cols, n_tokens, RowSet::tokens);
      }
    }
    add_linear(format, 5, all_cols.front(), 4, RowSet::outputs);
    add_few_tokens(format, all_cols[all_cols.size() - 2]);
    add_linear(format, 517, all_cols.back(), 1, RowSet::tokens);   // enough work for several threads
    add_linear(format, 259, all_cols.back(), 70, RowSet::tokens);  // more tokens than one pass
  }

  /// As many tokens as speculation checks, or sequences step together: kernels may have ways of their own for them.
  void add_few_tokens(const Format& format, std::uint32_t cols) {
    for (const std::uint32_t n_tokens : {3U, 5U}) add_linear(format, 5, cols, n_tokens, RowSet::tokens);
  }

  /// What a format can get wrong by itself: every number of blocks, one token and several, one row set and the other.
  void add_essential_linears(const Format& format, std::span<const std::uint32_t> all_cols) {
    for (const std::uint32_t cols : all_cols) {
      for (const std::uint32_t n_tokens : {1U, 7U}) add_linear(format, 3, cols, n_tokens, RowSet::tokens);
    }
    add_linear(format, 5, all_cols.front(), 4, RowSet::outputs);
    add_few_tokens(format, all_cols[all_cols.size() - 2]);
    add_linear(format, 33, all_cols.back(), 33, RowSet::tokens);
    add_linear(format, 67, all_cols.back(), 1, RowSet::tokens);
  }

  void add_linear(const Format& format, std::uint32_t rows, std::uint32_t cols, std::uint32_t n,
                  RowSet row_set) {
    OpCase made = start(OpKind::linear, n, n);
    made.op.row_set = row_set;
    made.op.rows = rows;
    made.op.cols = cols;
    put_weight(made, format, rows, cols);
    put_in(made, kInSlot, std::uint64_t{n} * cols, 1.0F);
    put_out(made, std::uint64_t{n} * rows);
    finish(std::move(made), text("rows", rows) + text("cols", cols) +
                                text(row_set == RowSet::tokens ? "tokens" : "outputs", n));
  }

  void add_norms() {
    const Format& f32 = *kernels::find_format("F32");
    for (const std::uint32_t cols : {1U, 7U, 64U, 100U, 1031U}) {
      for (const std::uint32_t n_heads : {1U, 3U}) {
        for (const kernels::Slot out : {kOutSlot, kInSlot}) {
          OpCase made = start(OpKind::rms_norm, 5, 5);
          made.op.row_set = out == kInSlot ? RowSet::tokens : RowSet::outputs;
          made.op.cols = cols;
          made.op.n_heads = n_heads;
          made.op.eps = 1e-5F;
          made.op.out = out;
          put_weight(made, f32, 1, cols);
          put_in(made, kInSlot, std::uint64_t{5} * n_heads * cols, 3.0F);
          put_out(made, std::uint64_t{5} * n_heads * cols);
          finish(std::move(made), text("cols", cols) + text("heads", n_heads) + text("out in slot", out));
        }
      }
    }
  }

  void add_pairwise(OpKind kind, float largest) {
    for (const std::uint32_t cols : {1U, 9U, 64U, 1037U, 70001U}) {
      for (const kernels::Slot out : {kOutSlot, kInSlot, kIn2Slot}) {
        OpCase made = start(kind, 3, 0);
        made.op.cols = cols;
        made.op.out = out;
        put_in(made, kInSlot, std::uint64_t{3} * cols, largest);
        put_in(made, kIn2Slot, std::uint64_t{3} * cols, 2.0F);
        put_out(made, std::uint64_t{3} * cols);
        finish(std::move(made), text("cols", cols) + text("out in slot", out));
      }
    }
  }

  void add_biases() {
    const Format& f32 = *kernels::find_format("F32");
    for (const std::uint32_t cols : {1U, 9U, 64U, 1037U}) {
      for (const kernels::Slot out : {kOutSlot, kInSlot}) {
        OpCase made = start(OpKind::add_bias, 7, 0);
        made.op.cols = cols;
        made.op.out = out;
        put_weight(made, f32, 1, cols);
        put_in(made, kInSlot, std::uint64_t{7} * cols, 4.0F);
        put_out(made, std::uint64_t{7} * cols);
        finish(std::move(made), text("cols", cols) + text("out in slot", out));
      }
    }
  }

  void add_routes(bool has_bias) {
    struct Shape {
      std::uint16_t n_experts, top_k, n_groups, n_groups_used;
    };
    const Shape shapes[] = {{1, 1, 1, 1}, {8, 2, 1, 1},  {24, 6, 1, 1},  {16, 4, 4, 2},
                            {4, 4, 4, 4}, {64, 8, 8, 4}, {385, 9, 1, 1}, {6, 2, 6, 3}};
    for (const Shape& shape : shapes) {
      for (const kernels::Gating gating : {kernels::Gating::softmax, kernels::Gating::sigmoid}) {
        for (const kernels::RouteWeights weights :
             {kernels::RouteWeights::as_gated, kernels::RouteWeights::normalised}) {
          OpCase made = start(OpKind::route, 13, 0);
          made.op.n_experts = shape.n_experts;
          made.op.top_k = shape.top_k;
          made.op.n_groups = shape.n_groups;
          made.op.n_groups_used = shape.n_groups_used;
          made.op.gating = gating;
          made.op.route_weights = weights;
          made.op.scale = 2.5F;
          if (has_bias) put_weight(made, *kernels::find_format("F32"), 1, shape.n_experts);
          put_in(made, kInSlot, std::uint64_t{13} * shape.n_experts, 4.0F);
          put_out(made, std::uint64_t{13} * 2 * shape.top_k);
          finish(std::move(made), text("experts", shape.n_experts) + text("chosen", shape.top_k) +
                                      text("groups", shape.n_groups) +
                                      text("gating", static_cast<unsigned>(gating)) +
                                      (has_bias ? ", biased" : ""));
        }
      }
    }
  }

  void add_expert_linears(const Format& format, std::uint32_t cols) {
    struct Shape {
      std::uint16_t n_experts, top_k;
      std::uint32_t rows, n_tokens;
    };
    const Shape shapes[] = {{1, 1, 3, 1}, {8, 2, 33, 1}, {8, 3, 7, 7}, {24, 6, 5, 33}, {3, 2, 130, 40}};
    for (const Shape& shape : shapes) {
      for (const kernels::ExpertInput input :
           {kernels::ExpertInput::shared, kernels::ExpertInput::per_choice}) {
        for (const std::uint32_t every : {0U, 2U}) {  // all experts are here, or every second is not
          OpCase made = start(OpKind::expert_linear, shape.n_tokens, 0);
          made.op.n_experts = shape.n_experts;
          made.op.top_k = shape.top_k;
          made.op.rows = shape.rows;
          made.op.cols = cols;
          made.op.expert_input = input;
          made.absent_every = every;
          put_weight(made, format, std::uint64_t{shape.n_experts} * shape.rows, cols);
          const std::uint64_t n_in = input == kernels::ExpertInput::shared ? 1 : shape.top_k;
          put_in(made, kInSlot, shape.n_tokens * n_in * cols, 1.0F);
          put_route(made);
          put_out(made, std::uint64_t{shape.n_tokens} * shape.top_k * shape.rows);
          finish(std::move(made), text("experts", shape.n_experts) + text("chosen", shape.top_k) +
                                      text("rows", shape.rows) + text("cols", cols) +
                                      text("tokens", shape.n_tokens) +
                                      text("input", static_cast<unsigned>(input)) + text("absent", every));
        }
      }
    }
  }

  void add_expert_sums() {
    for (const std::uint32_t cols : {1U, 65U, 3000U}) {
      for (const std::uint16_t top_k : {std::uint16_t{1}, std::uint16_t{6}}) {
        OpCase made = start(OpKind::expert_sum, 9, 0);
        made.op.n_experts = 24;
        made.op.top_k = top_k;
        made.op.cols = cols;
        put_in(made, kInSlot, std::uint64_t{9} * top_k * cols, 3.0F);
        put_route(made);
        made.magnitudes.weight = 1.0;
        put_out(made, std::uint64_t{9} * cols);
        finish(std::move(made), text("cols", cols) + text("chosen", top_k));
      }
    }
  }

  void add_gathers() {
    for (const std::uint32_t n_outputs : {1U, 3U, 9U}) {
      OpCase made = start(OpKind::gather_rows, 9, n_outputs);
      made.op.row_set = RowSet::outputs;
      made.op.cols = 65;
      put_in(made, kInSlot, 9 * 65, 1.0F);
      put_out(made, std::uint64_t{n_outputs} * 65);
      finish(std::move(made), text("outputs", n_outputs));
    }
  }

  void add_ropes() {
    struct Shape {
      std::uint32_t n_heads, head_dim, rotary_dims;
      float base, scale;
    };
    const Shape shapes[] = {{1, 2, 2, 1e4F, 1.0F},    {4, 64, 64, 1e4F, 1.0F}, {3, 80, 80, 1e6F, 0.25F},
                            {2, 128, 64, 1e6F, 1.0F}, {5, 96, 32, 5e5F, 1.0F}, {16, 128, 128, 1e4F, 1.0F}};
    for (const Shape& shape : shapes) {
      for (const kernels::RopeStyle style : {kernels::RopeStyle::adjacent, kernels::RopeStyle::halves}) {
        Op op;
        op.rope_style = style;
        op.n_heads = shape.n_heads;
        op.head_dim = shape.head_dim;
        op.rotary_dims = shape.rotary_dims;
        op.rope_base = shape.base;
        op.rope_scale = shape.scale;
        add_rope(op, false, "");
        op.yarn_mix = 1.0F;
        op.yarn_low = 1.0F;
        op.yarn_high = static_cast<float>(shape.rotary_dims) / 3.0F + 1.5F;
        op.rope_scale = 0.125F;
        op.rope_magnitude = 1.2F;
        op.rotary_offset = shape.head_dim - shape.rotary_dims;
        add_rope(op, false, ", YaRN at the head's end");
        op.yarn_mix = 0.0F;
        op.rope_magnitude = 1.0F;
        add_rope(op, true, ", divisors");
      }
    }
  }

  void add_rope(const Op& op, bool has_divisors, const std::string& scaling) {
    OpCase made = start(OpKind::rope, 11, 0);
    const Op blank = made.op;
    made.op = op;
    made.op.kind = blank.kind;
    made.op.layer = blank.layer;
    made.op.in = kInSlot;
    made.op.out = kInSlot;
    if (has_divisors) put_divisors(made, op.rotary_dims / 2);
    put_in(made, kInSlot, std::uint64_t{11} * op.n_heads * op.head_dim, 1.0F);
    finish(std::move(made), text("heads", op.n_heads) + text("head_dim", op.head_dim) +
                                text("rotary", op.rotary_dims) +
                                text("style", static_cast<unsigned>(op.rope_style)) + scaling);
  }

  void add_cache_ops(KvType type) {
    struct Shape {
      std::uint32_t n_heads, n_kv_heads, head_dim, n_tokens;
    };
    const Shape shapes[] = {{1, 1, 64, 1},  {4, 2, 64, 2},  {8, 2, 128, 7}, {3, 3, 80, 7},
                            {6, 1, 96, 33}, {2, 1, 256, 2}, {4, 4, 32, 33}, {2, 2, 8, 7},
                            {2, 1, 36, 7},  {4, 2, 16, 9},  {8, 8, 36, 5}};
    for (const Shape& shape : shapes) {
      if (shape.n_kv_heads * shape.head_dim % kernels::kv_block_values(type) != 0) continue;
      const std::string name = text("heads", shape.n_heads) + text("kv heads", shape.n_kv_heads) +
                               text("head_dim", shape.head_dim) + text("tokens", shape.n_tokens) + ", " +
                               std::string(kernels::to_text(type)) + " cache";
      const std::uint32_t kv_width = shape.n_kv_heads * shape.head_dim;
      OpCase append = start(OpKind::kv_append, shape.n_tokens, 0);
      set_heads(append, shape.n_heads, shape.n_kv_heads, shape.head_dim);
      put_in(append, kInSlot, std::uint64_t{shape.n_tokens} * kv_width, 1.0F);
      put_in(append, kIn2Slot, std::uint64_t{shape.n_tokens} * kv_width, 1.0F);
      append.op.out = kernels::kNoSlot;
      put_cache(append, type, kv_width, kv_width);
      finish(std::move(append), name);

      OpCase attention = start(OpKind::attention, shape.n_tokens, 0);
      set_heads(attention, shape.n_heads, shape.n_kv_heads, shape.head_dim);
      attention.op.scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
      const std::uint64_t width = std::uint64_t{shape.n_heads} * shape.head_dim;
      put_in(attention, kInSlot, shape.n_tokens * width, 2.0F);
      put_out(attention, shape.n_tokens * width);
      put_cache(attention, type, kv_width, kv_width);
      fill_cache(attention);
      finish(std::move(attention), name);
    }
  }
};

/// The kernels' text is one for all formats: it meets every shape with the plain ones, a small and a large block.
bool walks_every_shape(const Format& format) {
  return format.name == "F32" || format.name == "F16" || format.name == "Q8_0" || format.name == "Q4_K";
}

}  // namespace

std::vector<OpCase> op_cases() {
  CaseMaker maker(20260101);
  for (const Format* format : kernels::registered_formats()) {
    // In blocks for packed formats; in values, and so not multiples of any vector, for plain ones.
    std::vector<std::uint32_t> cols = {1, 3, 9, 35, 128};
    if (format->values_per_block == 1) cols = {1, 7, 64, 515, 1030};
    if (format->values_per_block >= 256) cols = {1, 2, 5};
    for (std::uint32_t& n : cols) n *= format->values_per_block;
    maker.add_embeds(*format, cols);
    if (walks_every_shape(*format)) {
      maker.add_linears(*format, cols);
    } else {
      maker.add_essential_linears(*format, cols);
    }
    maker.add_expert_linears(*format, cols[1]);
  }
  maker.add_norms();
  maker.add_ropes();
  maker.add_cache_ops(KvType::f32);
  maker.add_cache_ops(KvType::f16);
  maker.add_cache_ops(KvType::q8_0);
  maker.add_pairwise(OpKind::silu_mul, 100.0F);
  maker.add_pairwise(OpKind::silu_mul, 4.0F);
  maker.add_pairwise(OpKind::add, 4.0F);
  maker.add_gathers();
  maker.add_biases();
  maker.add_routes(false);
  maker.add_routes(true);
  maker.add_expert_sums();
  std::vector<OpCase> cases = maker.take();
  std::ranges::move(latent_op_cases(), std::back_inserter(cases));
  return cases;
}

}  // namespace blue::test
