// Op cases of random shapes, beside the chosen ones of op_cases.cpp.
#include <algorithm>

#include "tests/support/kernels/op_case_maker.h"

namespace blue::test {
namespace {

using kernels::Format;
using kernels::Op;
using kernels::OpKind;

class RandomCases : public CaseMaker {
 public:
  using CaseMaker::CaseMaker;

  /// Encoding random weights is what takes the time: 1 to 20,000 values of them.
  void add_products(const Format& format) {
    constexpr std::uint32_t kMostValues = 20000;
    const std::uint32_t unit = format.values_per_block;
    for (int i = 0; i < 4; ++i) {
      const std::uint32_t cols = unit * from_1_to(std::max(1U, 2000 / unit));
      const std::uint32_t rows = from_1_to(std::max(1U, kMostValues / cols));
      add_linear(format, rows, cols, from_1_to(40),
                 chance() ? kernels::RowSet::tokens : kernels::RowSet::outputs);
    }
    add_embed(format, unit * from_1_to(std::max(1U, 500 / unit)));
    const auto n_experts = static_cast<std::uint16_t>(from_1_to(30));
    const auto top_k = static_cast<std::uint16_t>(from_1_to(std::min<std::uint32_t>(n_experts, 8)));
    const std::uint32_t cols = unit * from_1_to(std::max(1U, 300 / unit));
    add_expert_linear(
        format,
        {n_experts, top_k, from_1_to(std::max(1U, kMostValues / cols / n_experts)), from_1_to(40)},
        cols, chance() ? kernels::ExpertInput::shared : kernels::ExpertInput::per_choice, below(4));
  }

  void add_elementwise() {
    for (int i = 0; i < 4; ++i) {
      const kernels::Operand out = chance() ? kInOperand : kOutOperand;
      add_norm(from_1_to(3000), from_1_to(9), out);
      add_pairwise(OpKind::silu_mul, from_1_to(5000), 20.0F, out);
      add_pairwise(OpKind::add, from_1_to(5000), 4.0F, out);
      add_bias(from_1_to(3000), out);
      add_gather(from_1_to(3000), from_1_to(20));
    }
  }

  void add_choices() {
    for (int i = 0; i < 8; ++i) {
      const auto n_groups = static_cast<std::uint16_t>(from_1_to(8));
      const auto n_groups_used = static_cast<std::uint16_t>(from_1_to(n_groups));
      const auto per_group = static_cast<std::uint16_t>(from_1_to(20));
      const std::uint32_t n_eligible = std::min<std::uint32_t>(n_groups_used * per_group, 16);
      add_route({static_cast<std::uint16_t>(n_groups * per_group),
                 static_cast<std::uint16_t>(from_1_to(n_eligible)), n_groups, n_groups_used},
                chance() ? kernels::Gating::softmax : kernels::Gating::sigmoid,
                chance() ? kernels::RouteWeights::as_gated : kernels::RouteWeights::normalised,
                chance());
      add_expert_sum(from_1_to(2000), static_cast<std::uint16_t>(from_1_to(9)));
    }
  }

  void add_heads() {
    for (int i = 0; i < 6; ++i) {
      const std::uint32_t n_kv_heads = from_1_to(4);
      const HeadShape shape{n_kv_heads * from_1_to(6), n_kv_heads, 4 * from_1_to(40),
                            from_1_to(40)};
      for (const kernels::KvType type : {kernels::KvType::f32, kernels::KvType::f16})
        add_cache_ops(type, shape);
      add_cache_ops(kernels::KvType::q8_0,
                    {shape.n_heads, n_kv_heads, 32 * from_1_to(6), shape.n_tokens});
      Op rope;
      rope.rope_style = chance() ? kernels::RopeStyle::adjacent : kernels::RopeStyle::halves;
      rope.n_heads = shape.n_heads;
      rope.rotary_dims = 2 * from_1_to(60);
      rope.head_dim = rope.rotary_dims + below(40);
      rope.rope_base = between(1e3F, 1e6F);
      rope.rope_scale = between(0.1F, 1.0F);
      add_rope(rope, chance(), "");
    }
  }

 private:
  std::uint32_t from_1_to(std::uint32_t most) { return 1 + below(most); }
  bool chance() { return below(2) == 1; }
};

}  // namespace

std::vector<OpCase> random_op_cases(std::uint32_t seed) {
  RandomCases maker(seed);
  for (const Format* format : kernels::registered_formats()) maker.add_products(*format);
  maker.add_elementwise();
  maker.add_choices();
  maker.add_heads();
  return maker.take();
}

}  // namespace blue::test
