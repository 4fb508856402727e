#include "kernels/op_shape.h"

namespace blue::kernels {
namespace {

bool has_weight(OpKind kind) {
  return kind == OpKind::embed || kind == OpKind::rms_norm || kind == OpKind::linear;
}

bool has_second_input(OpKind kind) {
  return kind == OpKind::kv_append || kind == OpKind::silu_mul || kind == OpKind::add;
}

/// The rule that the op's slots break; empty when they are whole.
std::string_view broken_slot_rule(const Op& op) {
  if (op.out == kNoSlot && op.kind != OpKind::kv_append) return "it needs an output slot";
  if (op.in == kNoSlot && op.kind != OpKind::embed) return "it needs an input slot";
  if (op.in2 == kNoSlot && has_second_input(op.kind)) return "it needs a second input slot";
  if (op.weight == kNoSlot && has_weight(op.kind)) return "it needs a weight slot";
  return {};
}

std::string_view broken_weight_rule(const Op& op, const Format* format) {
  if (!has_weight(op.kind)) return {};
  if (format == nullptr) return "it needs the format of its weight";
  if (op.cols % format->values_per_block != 0) return "cols must be a multiple of the format's block";
  if (op.kind == OpKind::rms_norm && format->name != "F32") return "the weight of a norm must be F32";
  return {};
}

std::string_view broken_size_rule(const Op& op) {
  switch (op.kind) {
    case OpKind::embed:
    case OpKind::silu_mul:
    case OpKind::add:
    case OpKind::gather_rows: return op.cols > 0 ? "" : "cols must be positive";
    case OpKind::rms_norm: return op.cols > 0 && op.n_heads > 0 ? "" : "cols and n_heads must be positive";
    case OpKind::linear:
      if (op.in == op.out) return "out must not be in";
      return op.rows > 0 && op.cols > 0 ? "" : "rows and cols must be positive";
    case OpKind::rope:
      if (op.n_heads == 0 || op.rotary_dims == 0) return "n_heads and rotary_dims must be positive";
      if (op.rotary_dims % 2 != 0) return "rotary_dims must be even";
      if (op.in != op.out) return "it works in place: out must be in";
      return op.rotary_dims <= op.head_dim ? "" : "rotary_dims must not exceed head_dim";
    case OpKind::kv_append:
      return op.n_kv_heads > 0 && op.head_dim > 0 ? "" : "n_kv_heads and head_dim must be positive";
    case OpKind::attention:
      if (op.n_kv_heads == 0 || op.n_heads == 0) return "n_heads and n_kv_heads must be positive";
      if (op.n_heads % op.n_kv_heads != 0) return "n_heads must be a multiple of n_kv_heads";
      if (op.head_dim == 0) return "head_dim must be positive";
      return op.head_dim <= kMaxHeadDim ? "" : "head_dim must not exceed 512";
  }
  return "no such op";
}

}  // namespace

Status check_shape(const Op& op, const Format* format) {
  std::string_view rule = broken_slot_rule(op);
  if (rule.empty()) rule = broken_size_rule(op);
  if (rule.empty()) rule = broken_weight_rule(op, format);
  if (rule.empty()) return {};
  return Error(KernelsError::unsupported_shape, describe(op, format) + ": " + std::string(rule));
}

std::string describe(const Op& op, const Format* format) {
  std::string text(to_text(op.kind));
  text += ", layer " + std::to_string(op.layer);
  if (op.kind == OpKind::attention || op.kind == OpKind::rope || op.kind == OpKind::kv_append) {
    text += ", " + std::to_string(op.n_heads) + " heads, " + std::to_string(op.n_kv_heads) + " kv heads of " +
            std::to_string(op.head_dim) + ", " + std::to_string(op.rotary_dims) + " rotary";
  } else {
    text += ", [" + std::to_string(op.rows) + " x " + std::to_string(op.cols) + "]";
  }
  if (format != nullptr) text += " " + std::string(format->name);
  return text;
}

}  // namespace blue::kernels
