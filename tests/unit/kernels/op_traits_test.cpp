#include "kernels/op_traits.h"

#include <catch2/catch_test_macros.hpp>

namespace blue::test {
namespace {

using namespace kernels;

Op linear_op() {
  Op op;
  op.kind = OpKind::linear;
  op.in = 0;
  op.out = 1;
  op.weight = 0;
  op.rows = 8;
  op.cols = 64;
  return op;
}

Op attention_op() {
  Op op;
  op.kind = OpKind::attention;
  op.in = 0;
  op.out = 1;
  op.n_heads = 4;
  op.n_kv_heads = 2;
  op.head_dim = 64;
  return op;
}

bool is_refused(const Op& op, const Format* format) {
  const Status status = check_shape(op, format);
  return !status.ok() && status.error().is(KernelsError::unsupported_shape);
}

}  // namespace

TEST_CASE("an op's kind finds the name and the traits of its own file") {
  REQUIRE(registered_ops().size() == kOpKinds);
  const auto traits_of = [](OpKind kind) -> const OpTraits& {
    return *registered_ops()[static_cast<std::size_t>(kind)];
  };
  CHECK(to_text(OpKind::add) == "add");
  CHECK(to_text(OpKind::kv_append) == "kv_append");
  CHECK(to_text(OpKind::silu_mul) == "silu_mul");
  CHECK_FALSE(traits_of(OpKind::embed).has_in);
  CHECK_FALSE(traits_of(OpKind::kv_append).has_out);
  CHECK(traits_of(OpKind::rope).weight == WeightRule::optional_f32);
  CHECK(traits_of(OpKind::route).shape_text == ShapeText::experts);
  CHECK(traits_of(OpKind::head_linear).weight == WeightRule::any_format);
  for (const OpTraits* traits : registered_ops()) CHECK(traits->broken_rule != nullptr);
}

TEST_CASE("a linear op needs operands, sizes, whole blocks and an output of its own") {
  const Format* q8_0 = find_format("Q8_0");
  REQUIRE(check_shape(linear_op(), q8_0).ok());
  const auto refused_with = [&](auto change) {
    Op op = linear_op();
    change(op);
    return is_refused(op, q8_0);
  };
  CHECK(refused_with([](Op& op) { op.weight = kNoOperand; }));
  CHECK(refused_with([](Op& op) { op.in = kNoOperand; }));
  CHECK(refused_with([](Op& op) { op.out = kNoOperand; }));
  CHECK(refused_with([](Op& op) { op.out = op.in; }));
  CHECK(refused_with([](Op& op) { op.rows = 0; }));
  CHECK(refused_with([](Op& op) { op.cols = 48; }));
  CHECK(is_refused(linear_op(), nullptr));
  CHECK(is_refused(linear_op(), find_format("Q4_K")));
}

TEST_CASE("attention needs whole groups of heads, no longer than the accumulators") {
  REQUIRE(check_shape(attention_op(), nullptr).ok());
  Op uneven = attention_op();
  uneven.n_kv_heads = 3;
  CHECK(is_refused(uneven, nullptr));
  Op none = attention_op();
  none.n_kv_heads = 0;
  CHECK(is_refused(none, nullptr));
  Op longest = attention_op();
  longest.head_dim = kMaxHeadDim;
  CHECK(check_shape(longest, nullptr).ok());
  longest.head_dim = kMaxHeadDim + 1;
  CHECK(is_refused(longest, nullptr));
}

TEST_CASE("rope works in place on an even number of dims inside the head") {
  Op op = attention_op();
  op.kind = OpKind::rope;
  op.out = op.in;
  op.rotary_dims = 64;
  REQUIRE(check_shape(op, nullptr).ok());
  op.rotary_dims = 66;
  CHECK(is_refused(op, nullptr));
  op.rotary_dims = 31;
  CHECK(is_refused(op, nullptr));
  op.rotary_dims = 32;
  op.out = 5;
  CHECK(is_refused(op, nullptr));
}

TEST_CASE("a refusal names op, layer, shape, format and rule in one line") {
  Op op = linear_op();
  op.layer = 3;
  const std::string message = check_shape(op, find_format("Q4_K")).error().message();
  CHECK(message == "linear, layer 3, [8 x 64] Q4_K: cols must be a multiple of the format's block");
}

TEST_CASE(
    "ops that only move or add values have no tolerance, sums have one that grows with their "
    "length") {
  Op op = linear_op();
  const OpMagnitudes ones{.in = 1.0, .weight = 1.0, .value = 1.0, .out = 1.0, .position = 100};
  const double few = max_abs_error(op, ones);
  op.cols = 4096;
  CHECK(few > 0.0);
  CHECK(max_abs_error(op, ones) > few);
  CHECK(max_abs_error(op, ones) < 2e-3);
  for (const OpKind kind : {OpKind::embed, OpKind::kv_append, OpKind::add, OpKind::gather_rows}) {
    op.kind = kind;
    CHECK(max_abs_error(op, ones) == 0.0);
  }
}

}  // namespace blue::test
