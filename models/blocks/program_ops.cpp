// ProgramBuilder's ops: records filled from the widths of the operands and the model's
// hyper-parameters.
#include <cmath>

#include "base/check.h"
#include "models/blocks/program_builder.h"

namespace blue::models {

kernels::Operand ProgramBuilder::activation(std::uint32_t width, kernels::RowSet row_set) {
  program_.activations.push_back({width, row_set});
  return static_cast<kernels::Operand>(program_.activations.size() - 1);
}

kernels::Op& ProgramBuilder::append(kernels::OpKind kind, kernels::Operand out, kernels::Operand in,
                                    kernels::Operand in2, kernels::Operand weight) {
  kernels::Op op;
  op.kind = kind;
  op.out = out;
  op.in = in;
  op.in2 = in2;
  op.weight = weight;
  op.row_set = program_.activations[out != kernels::kNoOperand ? out : in].row_set;
  const bool reads_weight = weight != kernels::kNoOperand && weight < program_.weights.size() &&
                            kind != kernels::OpKind::expert_linear;
  program_.op_blocks.push_back(reads_weight ? program_.weights[weight].block : kNoBlock);
  program_.ops.push_back(op);
  return program_.ops.back();
}

void ProgramBuilder::embed(kernels::Operand out, kernels::Operand weight) {
  kernels::Op& op =
      append(kernels::OpKind::embed, out, kernels::kNoOperand, kernels::kNoOperand, weight);
  op.rows = hyper().n_vocab;
  op.cols = program_.activations[out].width;
}

void ProgramBuilder::rms_norm(kernels::Operand out, kernels::Operand in, kernels::Operand weight) {
  kernels::Op& op = append(kernels::OpKind::rms_norm, out, in, kernels::kNoOperand, weight);
  op.cols = program_.activations[in].width;
  op.n_heads = 1;
  op.eps = hyper().rms_eps;
}

void ProgramBuilder::head_norm(kernels::Operand in_out, kernels::Operand weight,
                               std::uint32_t n_heads) {
  kernels::Op& op = append(kernels::OpKind::rms_norm, in_out, in_out, kernels::kNoOperand, weight);
  op.cols = hyper().head_dim;
  op.n_heads = n_heads;
  op.eps = hyper().rms_eps;
}

void ProgramBuilder::linear(kernels::Operand out, kernels::Operand in, kernels::Operand weight) {
  kernels::Op& op = append(kernels::OpKind::linear, out, in, kernels::kNoOperand, weight);
  op.rows = program_.activations[out].width;
  op.cols = program_.activations[in].width;
}

void ProgramBuilder::add_bias(kernels::Operand in_out, kernels::Operand weight) {
  append(kernels::OpKind::add_bias, in_out, in_out, kernels::kNoOperand, weight).cols =
      program_.activations[in_out].width;
}

void ProgramBuilder::rope(kernels::Operand in_out, const RopeLayout& layout) {
  const kernels::Operand divisors = has_tensor("rope_freqs.weight")
                                        ? copied_vector("rope_freqs.weight", layout.rotary_dims / 2)
                                        : kernels::kNoOperand;
  kernels::Op& op = append(kernels::OpKind::rope, in_out, in_out, kernels::kNoOperand, divisors);
  op.rope_style = layout.style;
  op.n_heads = layout.n_heads;
  op.head_dim = layout.head_dim;
  op.rotary_dims = layout.rotary_dims;
  op.rotary_offset = layout.rotary_offset;
  op.rope_base = hyper().rope_base;
  op.rope_magnitude = layout.magnitude;
  op.rope_scale = hyper().rope_scaling.scale;
  op.yarn_mix = hyper().rope_scaling.yarn_mix;
  op.yarn_low = hyper().rope_scaling.yarn_low;
  op.yarn_high = hyper().rope_scaling.yarn_high;
}

void ProgramBuilder::kv_append(kernels::Operand k, kernels::Operand v, std::uint32_t layer) {
  kernels::Op& op =
      append(kernels::OpKind::kv_append, kernels::kNoOperand, k, v, kernels::kNoOperand);
  op.layer = layer;
  op.n_kv_heads = hyper().layers[layer].n_kv_heads;
  op.head_dim = hyper().head_dim;
}

void ProgramBuilder::attention(kernels::Operand out, kernels::Operand q, std::uint32_t layer) {
  kernels::Op& op =
      append(kernels::OpKind::attention, out, q, kernels::kNoOperand, kernels::kNoOperand);
  op.layer = layer;
  op.n_heads = hyper().layers[layer].n_heads;
  op.n_kv_heads = hyper().layers[layer].n_kv_heads;
  op.head_dim = hyper().head_dim;
  op.scale = 1.0F / std::sqrt(static_cast<float>(hyper().head_dim));
}

void ProgramBuilder::silu_mul(kernels::Operand out, kernels::Operand gate, kernels::Operand up) {
  append(kernels::OpKind::silu_mul, out, gate, up, kernels::kNoOperand).cols =
      program_.activations[out].width;
}

void ProgramBuilder::add(kernels::Operand out, kernels::Operand in, kernels::Operand in2) {
  append(kernels::OpKind::add, out, in, in2, kernels::kNoOperand).cols =
      program_.activations[out].width;
}

void ProgramBuilder::gather_rows(kernels::Operand out, kernels::Operand in) {
  append(kernels::OpKind::gather_rows, out, in, kernels::kNoOperand, kernels::kNoOperand).cols =
      program_.activations[out].width;
}

void ProgramBuilder::route(kernels::Operand out, kernels::Operand logits, kernels::Operand bias,
                           const RouteTraits& traits) {
  kernels::Op& op = append(kernels::OpKind::route, out, logits, kernels::kNoOperand, bias);
  op.n_experts = static_cast<std::uint16_t>(hyper().n_experts);
  op.top_k = static_cast<std::uint16_t>(hyper().top_k);
  op.gating = traits.gating;
  op.route_weights = traits.weights;
  op.scale = traits.scale;
  op.n_groups = static_cast<std::uint16_t>(traits.n_groups);
  op.n_groups_used = static_cast<std::uint16_t>(traits.n_groups_used);
}

void ProgramBuilder::expert_linear(kernels::Operand out, kernels::Operand in,
                                   kernels::Operand route, kernels::Operand weight,
                                   kernels::ExpertInput input) {
  kernels::Op& op = append(kernels::OpKind::expert_linear, out, in, route, weight);
  op.n_experts = static_cast<std::uint16_t>(hyper().n_experts);
  op.top_k = static_cast<std::uint16_t>(hyper().top_k);
  op.expert_input = input;
  op.rows = program_.activations[out].width / hyper().top_k;
  op.cols =
      program_.activations[in].width / (input == kernels::ExpertInput::shared ? 1 : hyper().top_k);
  if (!error_) extend_expert_group(op);
}

void ProgramBuilder::expert_sum(kernels::Operand out, kernels::Operand in, kernels::Operand route) {
  kernels::Op& op = append(kernels::OpKind::expert_sum, out, in, route, kernels::kNoOperand);
  op.n_experts = static_cast<std::uint16_t>(hyper().n_experts);
  op.top_k = static_cast<std::uint16_t>(hyper().top_k);
  op.cols = program_.activations[out].width;
}

/// `op` is the last of the program.
void ProgramBuilder::extend_expert_group(const kernels::Op& op) {
  const std::uint32_t first_block = program_.weights[op.weight].block;
  const auto n_ops = static_cast<std::uint32_t>(program_.ops.size());
  std::vector<ExpertGroup>& runs = program_.expert_groups;
  if (runs.empty() || runs.back().first_block != first_block) {
    runs.push_back({n_ops - 1, n_ops, first_block, op.n_experts, op.top_k, op.in2});
    return;
  }
  for (std::uint32_t i = runs.back().end_op; i + 1 < n_ops; ++i) {
    BLUE_CHECK(program_.ops[i].kind == kernels::OpKind::silu_mul,
               "between the experts' products only silu_mul may stand");
  }
  BLUE_CHECK(runs.back().route == op.in2, "one layer's experts have one route");
  runs.back().end_op = n_ops;
}

}  // namespace blue::models
