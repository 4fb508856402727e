// The oracle's ops of latent attention against values worked out by hand, and the shapes that are
// refused.
#include <catch2/catch_test_macros.hpp>
#include <cmath>

#include "kernels/op_traits.h"
#include "tests/support/kernels/run_reference.h"

namespace blue::test {
namespace {

using namespace kernels;

bool is_near(float a, double b) { return std::fabs(a - b) < 1e-6; }

/// One sequence in one page, key rows of two values and value rows of one.
struct SmallCache {
  std::vector<float> rows = std::vector<float>(std::size_t{kPageTokens} * 3);
  const std::int32_t page_table[1] = {0};
  const std::int32_t sequences[2] = {0, 0};

  KvView view() {
    return {.base = reinterpret_cast<std::byte*>(rows.data()),
            .v_offset = std::uint64_t{kPageTokens} * 2 * sizeof(float),
            .k_width = 2,
            .v_width = 1};
  }
  StepInputs inputs(std::span<const std::int32_t> positions) const {
    return {.positions = positions.data(),
            .sequences = sequences,
            .page_table = page_table,
            .page_table_stride = 1,
            .n_tokens = static_cast<std::uint32_t>(positions.size())};
  }
  void put(std::uint32_t position, float k0, float k1, float v) {
    rows[std::size_t{2} * position] = k0;
    rows[std::size_t{2} * position + 1] = k1;
    rows[std::size_t{2} * kPageTokens + position] = v;
  }
};

Op latent_op(OpKind kind) {
  Op op;
  op.kind = kind;
  op.in = 0;
  op.out = 2;
  op.n_heads = 2;
  op.head_dim = 2;
  op.value_dim = 1;
  op.top_k = 2;
  op.rows = 1;
  op.cols = 2;
  return op;
}

bool is_refused(const Op& op, const Format* format = nullptr) {
  const Status status = check_shape(op, format);
  return !status.ok() && status.error().is(KernelsError::unsupported_shape);
}

}  // namespace

TEST_CASE(
    "reference head_linear multiplies each head by its own matrix and carries the rest along") {
  std::vector<float> in = {1, 2, 50, 3, 4, 60};
  std::vector<float> out(4);
  const std::vector<float> weight = {1, 10, 100, 1000};
  float* operands[] = {in.data(), nullptr, out.data()};
  const WeightView view{reinterpret_cast<const std::byte*>(weight.data()), find_format("F32"), 2,
                        2};
  Op op = latent_op(OpKind::head_linear);
  op.weight = 0;
  op.head_dim = 3;
  run_reference(OpKind::head_linear, op, {.weights = {&view, 1}, .activations = operands, .kv = {}},
                {.n_tokens = 1});
  CHECK(out == std::vector<float>{21, 50, 4300, 60});
}

TEST_CASE(
    "reference layer_norm takes the mean off, divides by the deviation and multiplies by the "
    "weight") {
  std::vector<float> in = {1, 3, 5, 5};
  std::vector<float> out(4);
  const std::vector<float> weight = {2, 0.5F};
  float* operands[] = {in.data(), nullptr, out.data()};
  const WeightView view{reinterpret_cast<const std::byte*>(weight.data()), find_format("F32"), 1,
                        2};
  Op op = latent_op(OpKind::layer_norm);
  op.weight = 0;
  op.eps = 3.0F;
  run_reference(OpKind::layer_norm, op, {.weights = {&view, 1}, .activations = operands, .kv = {}},
                {.n_tokens = 2});
  CHECK(is_near(out[0], -1.0));
  CHECK(is_near(out[1], 0.25));
  CHECK(out[2] == 0.0F);
  CHECK(out[3] == 0.0F);
}

TEST_CASE("reference hadamard is its own inverse and keeps lengths") {
  std::vector<float> in = {1, 2, 3, 5};
  float* operands[] = {in.data(), nullptr, in.data()};
  Op op = latent_op(OpKind::hadamard);
  op.n_heads = 1;
  op.cols = 4;
  const Bindings bindings{.weights = {}, .activations = operands, .kv = {}};
  run_reference(OpKind::hadamard, op, bindings, {.n_tokens = 1});
  CHECK(in == std::vector<float>{5.5F, -1.5F, -2.5F, 0.5F});
  run_reference(OpKind::hadamard, op, bindings, {.n_tokens = 1});
  CHECK(in == std::vector<float>{1, 2, 3, 5});
}

TEST_CASE(
    "reference attention_latent sums the key rows' first values over all positions or the chosen "
    "ones") {
  SmallCache cache;
  cache.put(0, 1, 0, 0);
  cache.put(1, 5, 9, 0);
  cache.put(2, 3, 1, 0);
  const std::int32_t positions[] = {2};
  std::vector<float> q = {0, 1, 0, 0};
  std::vector<float> chosen = {0, 2, 0, 0};
  std::vector<float> out(2);
  float* operands[] = {q.data(), chosen.data(), out.data()};
  const Bindings bindings{.weights = {}, .activations = operands, .kv = cache.view()};
  Op op = latent_op(OpKind::attention_latent);
  op.in2 = 1;
  op.scale = 2.0F;
  run_reference(OpKind::attention_latent, op, bindings, cache.inputs(positions));
  const double share = 1 / (1 + std::exp(2.0));  // of position 0; scores are 0 and 2
  CHECK(is_near(out[0], share * 1 + (1 - share) * 3));
  CHECK(is_near(out[1], 2.0));
  op.in2 = kNoOperand;
  run_reference(OpKind::attention_latent, op, bindings, cache.inputs(positions));
  CHECK(is_near(out[1], 3.0));
  CHECK(out[0] > 4.99F);
}

TEST_CASE(
    "reference index_topk chooses the best within the mask, ascending, ties to the lower "
    "position") {
  SmallCache cache;
  for (const std::uint32_t p : {0U, 1U, 2U, 3U, 4U}) cache.put(p, 0, 0, 0);
  // Head 0 weighs 1, head 1 weighs 10 and looks the other way: scores 4, 20, 0, 4, 50.
  const float keys[] = {4, -2, 0, 4, -5};
  for (std::uint32_t p = 0; p < 5; ++p) cache.put(p, 0, 0, keys[p]);
  const std::int32_t positions[] = {3, 0};
  std::vector<float> q = {1, -1, 1, -1};
  std::vector<float> weights = {1, 10, 1, 10};
  std::vector<float> out(8);
  float* operands[] = {q.data(), weights.data(), out.data()};
  Op op = latent_op(OpKind::index_topk);
  op.in2 = 1;
  op.head_dim = 1;
  op.scale = 0.5F;
  const Bindings bindings{.weights = {}, .activations = operands, .kv = cache.view()};
  run_reference(OpKind::index_topk, op, bindings, cache.inputs(positions));
  CHECK(out == std::vector<float>{0, 1, 2, 10, 0, -1, 2, 0});
}

TEST_CASE("reference kv_append writes rows of two widths, or the key row only") {
  SmallCache cache;
  const std::int32_t positions[] = {7};
  std::vector<float> k = {1, 2};
  std::vector<float> v = {3};
  float* operands[] = {k.data(), v.data()};
  Op op = latent_op(OpKind::kv_append);
  op.out = kNoOperand;
  op.n_kv_heads = 1;
  const Bindings bindings{.weights = {}, .activations = operands, .kv = cache.view()};
  run_reference(OpKind::kv_append, op, bindings, cache.inputs(positions));
  CHECK(cache.rows[14] == 1.0F);
  CHECK(cache.rows[15] == 2.0F);
  CHECK(cache.rows[std::size_t{2} * kPageTokens + 7] == 0.0F);
  op.in2 = 1;
  run_reference(OpKind::kv_append, op, bindings, cache.inputs(positions));
  CHECK(cache.rows[std::size_t{2} * kPageTokens + 7] == 3.0F);
  CHECK(cache.rows[std::size_t{2} * kPageTokens + 8] == 0.0F);
}

TEST_CASE("latent attention's ops are refused where their sizes do not fit together") {
  const Format* f32 = find_format("F32");
  Op matrix = latent_op(OpKind::head_linear);
  matrix.weight = 0;
  REQUIRE(check_shape(matrix, f32).ok());
  matrix.cols = 3;
  CHECK(is_refused(matrix, f32));

  Op attention = latent_op(OpKind::attention_latent);
  REQUIRE(check_shape(attention, nullptr).ok());
  attention.value_dim = 3;
  CHECK(is_refused(attention));
  attention.value_dim = 0;
  CHECK(is_refused(attention));
  attention.value_dim = 1;
  attention.head_dim = kMaxLatentDim + 1;
  CHECK(is_refused(attention));
  attention.head_dim = kMaxLatentDim;
  CHECK(check_shape(attention, nullptr).ok());
  attention.in2 = 1;
  attention.top_k = 0;
  CHECK(is_refused(attention));

  Op index = latent_op(OpKind::index_topk);
  CHECK(is_refused(index));
  index.in2 = 1;
  REQUIRE(check_shape(index, nullptr).ok());
  index.head_dim = kMaxLatentDim + 1;
  CHECK(is_refused(index));
  index.head_dim = 2;
  index.top_k = 0;
  CHECK(is_refused(index));

  Op transform = latent_op(OpKind::hadamard);
  for (const std::uint32_t cols : {0U, 3U, 48U, 2 * kMaxHadamard}) {
    transform.cols = cols;
    CHECK(is_refused(transform));
  }

  Op norm = latent_op(OpKind::rms_norm);
  norm.weight = 0;
  norm.head_dim = 5;
  CHECK(is_refused(norm, f32));
  norm.out = norm.in;
  CHECK(check_shape(norm, f32).ok());
}

}  // namespace blue::test
