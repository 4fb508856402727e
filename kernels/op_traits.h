// What holds for an op on every backend: its operands, its shape rule and its tolerance. One record
// per op: kernels/ops/<op>.cpp, which also holds the op's contract, defines `const OpTraits&
// op_<op>();`. From the names of these files the build generates OpKind and the registry. Depends
// on kernels/op.h. Pure functions over records with static lifetime; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kernels/op.h"

namespace blue::kernels {

/// The largest absolute values that went into one execution of an op and came out: what the bound
/// of its error depends on.
struct OpMagnitudes {
  double in = 0.0;  ///< over Op::in (attention: the queries)
  /// Over the weight (attention: the keys; silu_mul: in2; expert_sum: the weights).
  double weight = 0.0;
  double value = 0.0;  ///< attention: over the cached values; index_topk: over the heads' weights
  double out = 0.0;    ///< over the reference backend's result
  std::uint32_t position = 0;  ///< the largest position of a token of the step (rope, attention)
};

/// What an op demands of its weight. Vectors that are added, multiplied or divided by are F32.
enum class WeightRule : std::uint8_t { none, any_format, f32, optional_f32 };

/// Which sizes describe() prints.
enum class ShapeText : std::uint8_t { matrix, heads, experts };

struct OpTraits {
  bool has_in = true;
  bool has_out = true;
  bool has_in2 = false;  ///< it must; an op without may still have an optional one
  WeightRule weight = WeightRule::none;
  ShapeText shape_text = ShapeText::matrix;
  /// The shape rule that the op breaks; empty when it keeps all.
  std::string_view (*broken_rule)(const Op& op) = nullptr;
  /// The largest |out - reference out| that any backend may show. Null: exact, the op moves values
  /// or rounds once.
  double (*max_abs_error)(const Op& op, const OpMagnitudes& magnitudes,
                          const Format* weight) = nullptr;
};

/// Every op, in the order of OpKind (generated from kernels/ops/*.cpp).
std::span<const OpTraits* const> registered_ops();

/// Checks the op against the contract in its traits; each backend's supports() calls it. `format`
/// is that of its weight, null for ops without one.
/// Errors:   unsupported_shape, naming the op, its layer, its shape and the rule.
Status check_shape(const Op& op, const Format* format);

/// "linear, layer 3, [512 x 256] Q4_K": for messages.
std::string describe(const Op& op, const Format* format);

/// OpTraits::max_abs_error; 0 for exact ops. `weight`: the weight's format, null without one.
double max_abs_error(const Op& op, const OpMagnitudes& magnitudes, const Format* weight = nullptr);

}  // namespace blue::kernels
