#include "kernels/op_traits.h"

namespace blue::kernels {
namespace {

const OpTraits& traits_of(const Op& op) {
  return *registered_ops()[static_cast<std::size_t>(op.kind)];
}

std::string_view broken_operand_rule(const Op& op, const OpTraits& traits) {
  if (op.out == kNoOperand && traits.has_out) return "it needs an output operand";
  if (op.in == kNoOperand && traits.has_in) return "it needs an input operand";
  if (op.in2 == kNoOperand && traits.has_in2) return "it needs a second input operand";
  const bool needs_weight =
      traits.weight == WeightRule::any_format || traits.weight == WeightRule::f32;
  return op.weight == kNoOperand && needs_weight ? "it needs a weight operand" : "";
}

std::string_view broken_weight_rule(const Op& op, const OpTraits& traits, const Format* format) {
  if (op.weight == kNoOperand) return {};
  if (format == nullptr) return "it needs the format of its weight";
  if (traits.weight == WeightRule::f32 || traits.weight == WeightRule::optional_f32)
    return format->name == "F32" ? "" : "its weight must be F32";
  if (op.cols % format->values_per_block != 0)
    return "cols must be a multiple of the format's block";
  return {};
}

std::string shape_text(const Op& op) {
  switch (traits_of(op).shape_text) {
    case ShapeText::heads:
      return std::to_string(op.n_heads) + " heads, " + std::to_string(op.n_kv_heads) +
             " kv heads of " + std::to_string(op.head_dim) + ", " + std::to_string(op.rotary_dims) +
             " rotary";
    case ShapeText::experts:
      return std::to_string(op.top_k) + " of " + std::to_string(op.n_experts) + " experts, " +
             std::to_string(op.n_groups_used) + " of " + std::to_string(op.n_groups) + " groups";
    case ShapeText::matrix: break;
  }
  return "[" + std::to_string(op.rows) + " x " + std::to_string(op.cols) + "]";
}

}  // namespace

std::string_view to_text(OpKind kind) { return kOpNames[static_cast<std::size_t>(kind)]; }

std::string_view to_text(KvType type) {
  switch (type) {
    case KvType::f32: return "f32";
    case KvType::f16: return "f16";
    case KvType::q8_0: return "q8_0";
  }
  return "unknown type";
}

Status check_shape(const Op& op, const Format* format) {
  const OpTraits& traits = traits_of(op);
  std::string_view rule = broken_operand_rule(op, traits);
  if (rule.empty()) rule = traits.broken_rule(op);
  if (rule.empty()) rule = broken_weight_rule(op, traits, format);
  if (rule.empty()) return {};
  return Error(KernelsError::unsupported_shape, describe(op, format) + ": " + std::string(rule));
}

std::string describe(const Op& op, const Format* format) {
  std::string text(to_text(op.kind));
  text += ", layer " + std::to_string(op.layer) + ", " + shape_text(op);
  if (format != nullptr) text += " " + std::string(format->name);
  return text;
}

double max_abs_error(const Op& op, const OpMagnitudes& magnitudes, const Format* weight) {
  const OpTraits& traits = traits_of(op);
  return traits.max_abs_error == nullptr ? 0.0 : traits.max_abs_error(op, magnitudes, weight);
}

}  // namespace blue::kernels
