// ProgramBuilder's ops: records filled from the widths of the slots and the model's hyper-parameters.
#include <cmath>

#include "base/check.h"
#include "models/blocks/program_builder.h"

namespace blue::models {

kernels::Slot ProgramBuilder::activation(std::uint32_t width, kernels::RowSet row_set) {
  program_.activations.push_back({width, row_set});
  return static_cast<kernels::Slot>(program_.activations.size() - 1);
}

kernels::Op& ProgramBuilder::append(kernels::OpKind kind, kernels::Slot out, kernels::Slot in,
                                    kernels::Slot in2, kernels::Slot weight) {
  kernels::Op op;
  op.kind = kind;
  op.out = out;
  op.in = in;
  op.in2 = in2;
  op.weight = weight;
  op.row_set = program_.activations[out != kernels::kNoSlot ? out : in].row_set;
  const bool reads_weight = weight != kernels::kNoSlot && weight < program_.weights.size() &&
                            kind != kernels::OpKind::expert_linear;
  program_.op_blocks.push_back(reads_weight ? program_.weights[weight].block : kNoBlock);
  program_.ops.push_back(op);
  return program_.ops.back();
}

void ProgramBuilder::embed(kernels::Slot out, kernels::Slot weight) {
  kernels::Op& op = append(kernels::OpKind::embed, out, kernels::kNoSlot, kernels::kNoSlot, weight);
  op.rows = hyper().n_vocab;
  op.cols = program_.activations[out].width;
}

void ProgramBuilder::rms_norm(kernels::Slot out, kernels::Slot in, kernels::Slot weight) {
  kernels::Op& op = append(kernels::OpKind::rms_norm, out, in, kernels::kNoSlot, weight);
  op.cols = program_.activations[in].width;
  op.n_heads = 1;
  op.eps = hyper().rms_eps;
}

void ProgramBuilder::head_norm(kernels::Slot in_out, kernels::Slot weight, std::uint32_t n_heads) {
  kernels::Op& op = append(kernels::OpKind::rms_norm, in_out, in_out, kernels::kNoSlot, weight);
  op.cols = hyper().head_dim;
  op.n_heads = n_heads;
  op.eps = hyper().rms_eps;
}

void ProgramBuilder::linear(kernels::Slot out, kernels::Slot in, kernels::Slot weight) {
  kernels::Op& op = append(kernels::OpKind::linear, out, in, kernels::kNoSlot, weight);
  op.rows = program_.activations[out].width;
  op.cols = program_.activations[in].width;
}

void ProgramBuilder::add_bias(kernels::Slot in_out, kernels::Slot weight) {
  append(kernels::OpKind::add_bias, in_out, in_out, kernels::kNoSlot, weight).cols =
      program_.activations[in_out].width;
}

void ProgramBuilder::rope(kernels::Slot in_out, const RopeLayout& layout) {
  const kernels::Slot divisors = has_tensor("rope_freqs.weight")
                                     ? copied_weight("rope_freqs.weight", 1, layout.rotary_dims / 2)
                                     : kernels::kNoSlot;
  kernels::Op& op = append(kernels::OpKind::rope, in_out, in_out, kernels::kNoSlot, divisors);
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

void ProgramBuilder::kv_append(kernels::Slot k, kernels::Slot v, std::uint32_t layer) {
  kernels::Op& op = append(kernels::OpKind::kv_append, kernels::kNoSlot, k, v, kernels::kNoSlot);
  op.layer = layer;
  op.n_kv_heads = hyper().n_kv_heads;
  op.head_dim = hyper().head_dim;
}

void ProgramBuilder::attention(kernels::Slot out, kernels::Slot q, std::uint32_t layer) {
  kernels::Op& op = append(kernels::OpKind::attention, out, q, kernels::kNoSlot, kernels::kNoSlot);
  op.layer = layer;
  op.n_heads = hyper().n_heads;
  op.n_kv_heads = hyper().n_kv_heads;
  op.head_dim = hyper().head_dim;
  op.scale = 1.0F / std::sqrt(static_cast<float>(hyper().head_dim));
}

void ProgramBuilder::silu_mul(kernels::Slot out, kernels::Slot gate, kernels::Slot up) {
  append(kernels::OpKind::silu_mul, out, gate, up, kernels::kNoSlot).cols = program_.activations[out].width;
}

void ProgramBuilder::add(kernels::Slot out, kernels::Slot in, kernels::Slot in2) {
  append(kernels::OpKind::add, out, in, in2, kernels::kNoSlot).cols = program_.activations[out].width;
}

void ProgramBuilder::gather_rows(kernels::Slot out, kernels::Slot in) {
  append(kernels::OpKind::gather_rows, out, in, kernels::kNoSlot, kernels::kNoSlot).cols =
      program_.activations[out].width;
}

void ProgramBuilder::route(kernels::Slot out, kernels::Slot logits, kernels::Slot bias,
                           const RouteTraits& traits) {
  kernels::Op& op = append(kernels::OpKind::route, out, logits, kernels::kNoSlot, bias);
  op.n_experts = static_cast<std::uint16_t>(hyper().n_experts);
  op.top_k = static_cast<std::uint16_t>(hyper().top_k);
  op.gating = traits.gating;
  op.route_weights = traits.weights;
  op.scale = traits.scale;
  op.n_groups = static_cast<std::uint16_t>(traits.n_groups);
  op.n_groups_used = static_cast<std::uint16_t>(traits.n_groups_used);
}

void ProgramBuilder::expert_linear(kernels::Slot out, kernels::Slot in, kernels::Slot route,
                                   kernels::Slot weight, kernels::ExpertInput input) {
  kernels::Op& op = append(kernels::OpKind::expert_linear, out, in, route, weight);
  op.n_experts = static_cast<std::uint16_t>(hyper().n_experts);
  op.top_k = static_cast<std::uint16_t>(hyper().top_k);
  op.expert_input = input;
  op.rows = program_.activations[out].width / hyper().top_k;
  op.cols = program_.activations[in].width / (input == kernels::ExpertInput::shared ? 1 : hyper().top_k);
  if (!error_) extend_expert_run(op);
}

void ProgramBuilder::expert_sum(kernels::Slot out, kernels::Slot in, kernels::Slot route) {
  kernels::Op& op = append(kernels::OpKind::expert_sum, out, in, route, kernels::kNoSlot);
  op.n_experts = static_cast<std::uint16_t>(hyper().n_experts);
  op.top_k = static_cast<std::uint16_t>(hyper().top_k);
  op.cols = program_.activations[out].width;
}

/// `op` is the last of the program.
void ProgramBuilder::extend_expert_run(const kernels::Op& op) {
  const std::uint32_t first_block = program_.weights[op.weight].block;
  const auto n_ops = static_cast<std::uint32_t>(program_.ops.size());
  std::vector<ExpertRun>& runs = program_.expert_runs;
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
