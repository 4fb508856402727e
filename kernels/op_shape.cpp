#include "kernels/op_shape.h"

namespace blue::kernels {
namespace {

bool is_norm(OpKind kind) { return kind == OpKind::rms_norm || kind == OpKind::layer_norm; }

bool has_weight(OpKind kind) {
  return kind == OpKind::embed || is_norm(kind) || kind == OpKind::linear ||
         kind == OpKind::add_bias || kind == OpKind::expert_linear || kind == OpKind::head_linear;
}

/// Vectors that are added, multiplied or divided by are read as they lie.
bool needs_f32_weight(OpKind kind) {
  return is_norm(kind) || kind == OpKind::add_bias || kind == OpKind::rope || kind == OpKind::route;
}

bool has_second_input(OpKind kind) {
  return kind == OpKind::silu_mul || kind == OpKind::add || kind == OpKind::index_topk ||
         kind == OpKind::expert_linear || kind == OpKind::expert_sum;
}

/// The rule that the op's operands break; empty when they are whole.
std::string_view broken_operand_rule(const Op& op) {
  if (op.out == kNoOperand && op.kind != OpKind::kv_append) return "it needs an output operand";
  if (op.in == kNoOperand && op.kind != OpKind::embed) return "it needs an input operand";
  if (op.in2 == kNoOperand && has_second_input(op.kind)) return "it needs a second input operand";
  if (op.weight == kNoOperand && has_weight(op.kind)) return "it needs a weight operand";
  return {};
}

std::string_view broken_weight_rule(const Op& op, const Format* format) {
  if (op.weight == kNoOperand) return {};
  if (format == nullptr) return "it needs the format of its weight";
  if (needs_f32_weight(op.kind)) return format->name == "F32" ? "" : "its weight must be F32";
  if (op.cols % format->values_per_block != 0)
    return "cols must be a multiple of the format's block";
  return {};
}

std::string_view broken_route_rule(const Op& op) {
  if (op.in == op.out) return "out must not be in";
  if (op.top_k == 0 || op.top_k > op.n_experts) return "top_k must be 1 to n_experts";
  if (op.n_groups == 0 || op.n_experts % op.n_groups != 0) return "n_groups must divide n_experts";
  if (op.n_groups_used == 0 || op.n_groups_used > op.n_groups)
    return "n_groups_used must be 1 to n_groups";
  if (op.n_experts / op.n_groups * op.n_groups_used < op.top_k)
    return "the groups used must hold top_k experts";
  return {};
}

std::string_view broken_rope_rule(const Op& op) {
  if (op.n_heads == 0 || op.rotary_dims == 0) return "n_heads and rotary_dims must be positive";
  if (op.rotary_dims % 2 != 0) return "rotary_dims must be even";
  if (op.in != op.out) return "it works in place: out must be in";
  if (std::uint64_t{op.rotary_offset} + op.rotary_dims > op.head_dim)
    return "rotary_dims must not exceed head_dim";
  return op.yarn_low < op.yarn_high ? "" : "yarn_low must be below yarn_high";
}

std::string_view broken_expert_rule(const Op& op) {
  if (op.out == op.in || op.out == op.in2) return "out must not be an input";
  if (op.top_k == 0 || op.cols == 0) return "top_k and cols must be positive";
  if (op.kind == OpKind::expert_sum) return {};
  return op.rows > 0 && op.n_experts >= op.top_k
             ? ""
             : "rows must be positive and n_experts at least top_k";
}

std::string_view broken_latent_rule(const Op& op) {
  if (op.n_heads == 0 || op.head_dim == 0) return "n_heads and head_dim must be positive";
  if (op.kind != OpKind::head_linear && op.head_dim > kMaxLatentDim)
    return "head_dim must not exceed 1024";
  switch (op.kind) {
    case OpKind::head_linear:
      if (op.in == op.out) return "out must not be in";
      if (op.rows == 0 || op.cols == 0) return "rows and cols must be positive";
      return op.cols <= op.head_dim ? "" : "cols must not exceed head_dim";
    case OpKind::attention_latent:
      if (op.in == op.out || op.in2 == op.out) return "out must not be an input";
      if (op.in2 != kNoOperand && op.top_k == 0) return "top_k must be positive with a selection";
      return op.value_dim > 0 && op.value_dim <= op.head_dim ? ""
                                                             : "value_dim must be 1 to head_dim";
    default:
      if (op.in == op.out || op.in2 == op.out) return "out must not be an input";
      return op.top_k > 0 ? "" : "top_k must be positive";
  }
}

std::string_view broken_size_rule(const Op& op) {
  switch (op.kind) {
    case OpKind::embed:
    case OpKind::silu_mul:
    case OpKind::add:
    case OpKind::add_bias:
    case OpKind::gather_rows: return op.cols > 0 ? "" : "cols must be positive";
    case OpKind::rms_norm:
      if (op.head_dim > op.cols && op.in != op.out)
        return "out must be in where head_dim exceeds cols";
      return op.cols > 0 && op.n_heads > 0 ? "" : "cols and n_heads must be positive";
    case OpKind::linear:
      if (op.in == op.out) return "out must not be in";
      return op.rows > 0 && op.cols > 0 ? "" : "rows and cols must be positive";
    case OpKind::rope: return broken_rope_rule(op);
    case OpKind::route: return broken_route_rule(op);
    case OpKind::expert_linear:
    case OpKind::expert_sum: return broken_expert_rule(op);
    case OpKind::kv_append:
      return op.n_kv_heads > 0 && op.head_dim > 0 ? "" : "n_kv_heads and head_dim must be positive";
    case OpKind::attention:
      if (op.n_kv_heads == 0 || op.n_heads == 0) return "n_heads and n_kv_heads must be positive";
      if (op.n_heads % op.n_kv_heads != 0) return "n_heads must be a multiple of n_kv_heads";
      if (op.head_dim == 0) return "head_dim must be positive";
      return op.head_dim <= kMaxHeadDim ? "" : "head_dim must not exceed 512";
    case OpKind::head_linear:
    case OpKind::attention_latent:
    case OpKind::index_topk: return broken_latent_rule(op);
    case OpKind::layer_norm: return op.cols > 0 ? "" : "cols must be positive";
    case OpKind::hadamard:
      if (op.cols == 0 || (op.cols & (op.cols - 1)) != 0) return "cols must be a power of two";
      if (op.cols > kMaxHadamard) return "cols must not exceed 4096";
      return op.n_heads > 0 ? "" : "n_heads must be positive";
  }
  return "no such op";
}

}  // namespace

Status check_shape(const Op& op, const Format* format) {
  std::string_view rule = broken_operand_rule(op);
  if (rule.empty()) rule = broken_size_rule(op);
  if (rule.empty()) rule = broken_weight_rule(op, format);
  if (rule.empty()) return {};
  return Error(KernelsError::unsupported_shape, describe(op, format) + ": " + std::string(rule));
}

std::string describe(const Op& op, const Format* format) {
  std::string text(to_text(op.kind));
  text += ", layer " + std::to_string(op.layer);
  if (op.kind == OpKind::attention || op.kind == OpKind::rope || op.kind == OpKind::kv_append ||
      op.kind == OpKind::attention_latent || op.kind == OpKind::index_topk) {
    text += ", " + std::to_string(op.n_heads) + " heads, " + std::to_string(op.n_kv_heads) +
            " kv heads of " + std::to_string(op.head_dim) + ", " + std::to_string(op.rotary_dims) +
            " rotary";
  } else if (op.kind == OpKind::route) {
    text += ", " + std::to_string(op.top_k) + " of " + std::to_string(op.n_experts) + " experts, " +
            std::to_string(op.n_groups_used) + " of " + std::to_string(op.n_groups) + " groups";
  } else {
    text += ", [" + std::to_string(op.rows) + " x " + std::to_string(op.cols) + "]";
  }
  if (format != nullptr) text += " " + std::string(format->name);
  return text;
}

}  // namespace blue::kernels
