// The chosen shapes of op cases; random ones are in random_cases.cpp, op_runs.cpp runs the cases.
#include "tests/support/kernels/op_cases.h"

#include <algorithm>
#include <iterator>

#include "tests/support/kernels/op_case_maker.h"

namespace blue::test {
namespace {

using kernels::Format;
using kernels::KvType;
using kernels::Op;
using kernels::OpKind;
using kernels::RowSet;

class CaseWalker : public CaseMaker {
 public:
  using CaseMaker::CaseMaker;

  void add_linears(const Format& format, std::span<const std::uint32_t> all_cols) {
    for (const std::uint32_t cols : all_cols) {
      for (const std::uint32_t rows : {1U, 3U, 33U}) {
        for (const std::uint32_t n_tokens : {1U, 2U, 7U, 33U})
          add_linear(format, rows, cols, n_tokens, RowSet::tokens);
      }
    }
    add_linear(format, 5, all_cols.front(), 4, RowSet::outputs);
    add_few_tokens(format, all_cols[all_cols.size() - 2]);
    add_linear(format, 517, all_cols.back(), 1, RowSet::tokens);  // enough work for several threads
    add_linear(format, 259, all_cols.back(), 70, RowSet::tokens);  // more tokens than one pass
  }

  /// As many tokens as speculation checks, or sequences step together: kernels may have ways of
  /// their own for them.
  void add_few_tokens(const Format& format, std::uint32_t cols) {
    for (const std::uint32_t n_tokens : {3U, 5U})
      add_linear(format, 5, cols, n_tokens, RowSet::tokens);
  }

  /// What a format can get wrong by itself: every number of blocks, one token and several, one row
  /// set and the other.
  void add_essential_linears(const Format& format, std::span<const std::uint32_t> all_cols) {
    for (const std::uint32_t cols : all_cols) {
      for (const std::uint32_t n_tokens : {1U, 7U})
        add_linear(format, 3, cols, n_tokens, RowSet::tokens);
    }
    add_linear(format, 5, all_cols.front(), 4, RowSet::outputs);
    add_few_tokens(format, all_cols[all_cols.size() - 2]);
    add_linear(format, 33, all_cols.back(), 33, RowSet::tokens);
    add_linear(format, 67, all_cols.back(), 1, RowSet::tokens);
  }

  void add_norms() {
    for (const std::uint32_t cols : {1U, 7U, 64U, 100U, 1031U}) {
      for (const std::uint32_t n_heads : {1U, 3U}) {
        for (const kernels::Operand out : {kOutOperand, kInOperand}) add_norm(cols, n_heads, out);
      }
    }
  }

  void add_pairwises(OpKind kind, float largest) {
    for (const std::uint32_t cols : {1U, 9U, 64U, 1037U, 70001U}) {
      for (const kernels::Operand out : {kOutOperand, kInOperand, kIn2Operand})
        add_pairwise(kind, cols, largest, out);
    }
  }

  void add_biases() {
    for (const std::uint32_t cols : {1U, 9U, 64U, 1037U}) {
      for (const kernels::Operand out : {kOutOperand, kInOperand}) add_bias(cols, out);
    }
  }

  void add_routes(bool has_bias) {
    const RouteShape shapes[] = {{1, 1, 1, 1}, {8, 2, 1, 1},  {24, 6, 1, 1},  {16, 4, 4, 2},
                                 {4, 4, 4, 4}, {64, 8, 8, 4}, {385, 9, 1, 1}, {6, 2, 6, 3}};
    for (const RouteShape& shape : shapes) {
      for (const kernels::Gating gating : {kernels::Gating::softmax, kernels::Gating::sigmoid}) {
        for (const kernels::RouteWeights weights :
             {kernels::RouteWeights::as_gated, kernels::RouteWeights::normalised})
          add_route(shape, gating, weights, has_bias);
      }
    }
  }

  void add_expert_linears(const Format& format, std::uint32_t cols) {
    const ExpertShape shapes[] = {
        {1, 1, 3, 1}, {8, 2, 33, 1}, {8, 3, 7, 7}, {24, 6, 5, 33}, {3, 2, 130, 40}};
    for (const ExpertShape& shape : shapes) {
      for (const kernels::ExpertInput input :
           {kernels::ExpertInput::shared, kernels::ExpertInput::per_choice}) {
        for (const std::uint32_t every : {0U, 2U})
          add_expert_linear(format, shape, cols, input, every);
      }
    }
  }

  void add_expert_sums() {
    for (const std::uint32_t cols : {1U, 65U, 3000U}) {
      for (const std::uint16_t top_k : {std::uint16_t{1}, std::uint16_t{6}})
        add_expert_sum(cols, top_k);
    }
  }

  void add_ropes() {
    struct Shape {
      std::uint32_t n_heads, head_dim, rotary_dims;
      float base, scale;
    };
    const Shape shapes[] = {{1, 2, 2, 1e4F, 1.0F},    {4, 64, 64, 1e4F, 1.0F},
                            {3, 80, 80, 1e6F, 0.25F}, {2, 128, 64, 1e6F, 1.0F},
                            {5, 96, 32, 5e5F, 1.0F},  {16, 128, 128, 1e4F, 1.0F}};
    for (const Shape& shape : shapes) {
      for (const kernels::RopeStyle style :
           {kernels::RopeStyle::adjacent, kernels::RopeStyle::halves}) {
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

  void add_caches(KvType type) {
    const HeadShape shapes[] = {{1, 1, 64, 1},    {4, 2, 64, 2},   {8, 2, 128, 7}, {3, 3, 80, 7},
                                {6, 1, 96, 33},   {2, 1, 256, 2},  {4, 4, 32, 33}, {2, 2, 8, 7},
                                {2, 1, 36, 7},    {4, 2, 16, 9},   {8, 8, 36, 5},  {16, 1, 128, 1},
                                {16, 8, 128, 20}, {9, 3, 80, 130}, {4, 1, 512, 9}};
    for (const HeadShape& shape : shapes) add_cache_ops(type, shape);
  }
};

/// All formats share the kernels' source: every shape is tested with the plain ones, a small and
/// a large block.
bool walks_every_shape(const Format& format) {
  return format.name == "F32" || format.name == "F16" || format.name == "Q8_0" ||
         format.name == "Q4_K";
}

}  // namespace

std::vector<OpCase> op_cases() {
  CaseWalker maker(20260101);
  for (const Format* format : kernels::registered_formats()) {
    // In blocks for packed formats; in values, and so not multiples of any vector, for plain ones.
    std::vector<std::uint32_t> cols = {1, 3, 9, 35, 128};
    if (format->values_per_block == 1) cols = {1, 7, 64, 515, 1030};
    if (format->values_per_block >= 256) cols = {1, 2, 5};
    for (std::uint32_t& n : cols) n *= format->values_per_block;
    for (const std::uint32_t n : cols) maker.add_embed(*format, n);
    if (walks_every_shape(*format)) {
      maker.add_linears(*format, cols);
    } else {
      maker.add_essential_linears(*format, cols);
    }
    maker.add_expert_linears(*format, cols[1]);
  }
  maker.add_norms();
  maker.add_ropes();
  maker.add_caches(KvType::f32);
  maker.add_caches(KvType::f16);
  maker.add_caches(KvType::q8_0);
  maker.add_pairwises(OpKind::silu_mul, 100.0F);
  maker.add_pairwises(OpKind::silu_mul, 4.0F);
  maker.add_pairwises(OpKind::add, 4.0F);
  for (const std::uint32_t n : {1U, 3U, 9U}) maker.add_gather(65, n);
  maker.add_biases();
  maker.add_routes(false);
  maker.add_routes(true);
  maker.add_expert_sums();
  std::vector<OpCase> cases = maker.take();
  std::ranges::move(latent_op_cases(), std::back_inserter(cases));
  std::ranges::move(random_op_cases(20260102), std::back_inserter(cases));
  return cases;
}

}  // namespace blue::test
