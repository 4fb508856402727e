// The oracle itself against values worked out by hand: everything else is compared with it.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>

#include "tests/support/kernels/run_reference.h"

namespace blue::test {
namespace {

using namespace kernels;

bool is_near(float a, double b) { return std::fabs(a - b) < 1e-6; }

}  // namespace

TEST_CASE(
    "reference rms_norm divides by the root of the mean square and multiplies by the weight") {
  std::vector<float> in = {3, 4, 1, 7};
  std::vector<float> out(4);
  const std::vector<float> weight = {2, 0.5F};
  float* operands[] = {in.data(), out.data()};
  const WeightView view{reinterpret_cast<const std::byte*>(weight.data()), find_format("F32"), 1,
                        2};
  Op op;
  op.in = 0;
  op.out = 1;
  op.weight = 0;
  op.cols = 2;
  op.n_heads = 2;
  op.eps = 0.5F;
  run_reference(OpKind::rms_norm, op, {.weights = {&view, 1}, .activations = operands, .kv = {}},
                {.n_tokens = 1});
  CHECK(is_near(out[0], 3 / std::sqrt(13.0) * 2));
  CHECK(is_near(out[1], 4 / std::sqrt(13.0) * 0.5));
  CHECK(is_near(out[2], 1 / std::sqrt(25.5) * 2));
  CHECK(is_near(out[3], 7 / std::sqrt(25.5) * 0.5));
}

TEST_CASE("reference linear is a matrix times each token, row-major") {
  std::vector<float> in = {1, 2, 3, -1, 0, 1};
  std::vector<float> out(4);
  const std::vector<float> weight = {1, 10, 100, 2, 20, 200};
  float* operands[] = {in.data(), out.data()};
  const WeightView view{reinterpret_cast<const std::byte*>(weight.data()), find_format("F32"), 2,
                        3};
  Op op;
  op.in = 0;
  op.out = 1;
  op.weight = 0;
  op.rows = 2;
  op.cols = 3;
  run_reference(OpKind::linear, op, {.weights = {&view, 1}, .activations = operands, .kv = {}},
                {.n_tokens = 2});
  CHECK(out == std::vector<float>{321, 642, 99, 198});
}

TEST_CASE(
    "reference rope turns adjacent pairs or halves, and leaves what lies behind rotary_dims") {
  const std::int32_t positions[] = {3};
  Op op;
  op.in = 0;
  op.out = 0;
  op.n_heads = 1;
  op.head_dim = 6;
  op.rotary_dims = 4;
  op.rope_base = 100.0F;  // frequencies 1 and 0.1
  for (const RopeStyle style : {RopeStyle::adjacent, RopeStyle::halves}) {
    op.rope_style = style;
    std::vector<float> x = {1, 2, 3, 4, 5, 6};
    float* operands[] = {x.data()};
    run_reference(OpKind::rope, op, {.weights = {}, .activations = operands, .kv = {}},
                  {.positions = positions, .n_tokens = 1});
    const std::size_t partner = style == RopeStyle::adjacent ? 1 : 2;
    const double y = style == RopeStyle::adjacent ? 2 : 3;
    CHECK(is_near(x[0], std::cos(3.0) - y * std::sin(3.0)));
    CHECK(is_near(x[partner], std::sin(3.0) + y * std::cos(3.0)));
    const std::size_t second = style == RopeStyle::adjacent ? 2 : 1;
    CHECK(is_near(x[3], (second + 1.0) * std::sin(0.3) + 4 * std::cos(0.3)));
    CHECK(x[4] == 5.0F);
    CHECK(x[5] == 6.0F);
  }
}

TEST_CASE(
    "reference attention over the cache that kv_append wrote is a softmax of scaled products") {
  // One sequence whose second page comes first in memory; positions 31 and 32 lie on either side of
  // the border.
  constexpr std::uint32_t kPositions = kPageTokens + 1;
  const std::int32_t pages[] = {1, 0};
  std::vector<float> cache(2 * 2 * kPageTokens, NAN);
  KvView kv{.base = reinterpret_cast<std::byte*>(cache.data()),
            .layer_stride = 0,
            .k_width = 1,
            .v_width = 1};
  kv.v_offset = kPageTokens * sizeof(float);
  kv.page_stride = 2 * kv.v_offset;
  std::vector<float> k(kPositions, 0.0F);
  std::vector<float> v(kPositions, 1.0F);
  k[kPositions - 1] = 2.0F;
  v[kPositions - 1] = 5.0F;
  std::vector<std::int32_t> positions(kPositions);
  for (std::uint32_t p = 0; p < kPositions; ++p) positions[p] = static_cast<std::int32_t>(p);
  const std::vector<std::int32_t> sequences(kPositions, 0);
  StepInputs inputs{
      .positions = positions.data(), .sequences = sequences.data(), .page_table = pages};
  inputs.page_table_stride = 2;
  inputs.n_tokens = kPositions;
  float* append_operands[] = {k.data(), v.data()};
  Op op;
  op.in = 0;
  op.in2 = 1;
  op.out = 1;
  op.n_heads = 1;
  op.n_kv_heads = 1;
  op.head_dim = 1;
  op.scale = 0.5F;
  run_reference(OpKind::kv_append, op, {.weights = {}, .activations = append_operands, .kv = kv},
                inputs);

  std::vector<float> q(kPositions, 3.0F);
  std::vector<float> out(kPositions);
  float* operands[] = {q.data(), out.data()};
  run_reference(OpKind::attention, op, {.weights = {}, .activations = operands, .kv = kv}, inputs);
  for (std::uint32_t p = 0; p + 1 < kPositions; ++p)
    CHECK(is_near(out[p], 1.0));  // later tokens are not seen
  const double share = std::exp(3.0) / (std::exp(3.0) + kPageTokens);
  CHECK(is_near(out[kPositions - 1], share * 5 + (1 - share)));
}

TEST_CASE("reference silu_mul, add and gather_rows follow their formulas") {
  std::vector<float> a = {1, -2, 0, 3};
  std::vector<float> b = {10, 20, 30, 40};
  std::vector<float> out(4);
  const std::int32_t rows[] = {1, 1};
  float* operands[] = {a.data(), b.data(), out.data()};
  const Bindings bindings{.weights = {}, .activations = operands, .kv = {}};
  const StepInputs inputs{.output_rows = rows, .n_tokens = 2, .n_outputs = 2};
  Op op;
  op.in = 0;
  op.in2 = 1;
  op.out = 2;
  op.cols = 2;
  run_reference(OpKind::silu_mul, op, bindings, inputs);
  CHECK(is_near(out[1], -40 / (1 + std::exp(2.0))));
  CHECK(out[2] == 0.0F);
  run_reference(OpKind::add, op, bindings, inputs);
  CHECK(out == std::vector<float>{11, 18, 30, 43});
  run_reference(OpKind::gather_rows, op, bindings, inputs);
  CHECK(out == std::vector<float>{0, 3, 0, 3});
}

TEST_CASE("reference route takes the best experts, the lower id where two are equal") {
  std::vector<float> logits = {1, 3, 3, 0};
  std::vector<float> out(4);
  float* operands[] = {logits.data(), out.data()};
  Op op;
  op.in = 0;
  op.out = 1;
  op.n_experts = 4;
  op.top_k = 2;
  op.route_weights = RouteWeights::normalised;
  op.scale = 3.0F;
  run_reference(OpKind::route, op, {.weights = {}, .activations = operands, .kv = {}},
                {.n_tokens = 1});
  CHECK(out == std::vector<float>{1, 2, 1.5F, 1.5F});
}

TEST_CASE(
    "reference route adds its bias for the choice alone, and chooses inside the best groups") {
  // Groups {0, 1}, {2, 3}, {4, 5}: by p alone the first is best; the bias lifts the last above it.
  std::vector<float> logits = {2, 1, 0, 0, 1, 1};
  std::vector<float> out(4);
  const std::vector<float> bias = {0, 0, 5, -5, 1, 1};
  float* operands[] = {logits.data(), out.data()};
  const WeightView view{reinterpret_cast<const std::byte*>(bias.data()), find_format("F32"), 1, 6};
  Op op;
  op.in = 0;
  op.out = 1;
  op.weight = 0;
  op.n_experts = 6;
  op.top_k = 2;
  op.n_groups = 3;
  op.n_groups_used = 1;
  op.gating = Gating::sigmoid;
  run_reference(OpKind::route, op, {.weights = {&view, 1}, .activations = operands, .kv = {}},
                {.n_tokens = 1});
  CHECK(out[0] == 4);
  CHECK(out[1] == 5);
  CHECK(is_near(out[2], 1 / (1 + std::exp(-1.0))));
  CHECK(is_near(out[3], 1 / (1 + std::exp(-1.0))));
}

TEST_CASE("reference expert_linear leaves the rows of experts that are not there") {
  std::vector<float> in = {1, 2};
  std::vector<float> route = {1, 0, 0.25F, 0.75F};
  std::vector<float> out = {-1, -1};
  const std::vector<float> first = {10, 100};
  float* operands[] = {in.data(), route.data(), out.data()};
  const std::byte* experts[] = {reinterpret_cast<const std::byte*>(first.data()), nullptr};
  const WeightView view{nullptr, find_format("F32"), 1, 2, experts};
  Op op;
  op.in = 0;
  op.in2 = 1;
  op.out = 2;
  op.weight = 0;
  op.n_experts = 2;
  op.top_k = 2;
  op.rows = 1;
  op.cols = 2;
  run_reference(OpKind::expert_linear, op,
                {.weights = {&view, 1}, .activations = operands, .kv = {}}, {.n_tokens = 1});
  CHECK(out == std::vector<float>{-1, 210});
}

}  // namespace blue::test
