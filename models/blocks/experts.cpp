#include "models/blocks/experts.h"

namespace blue::models {

ExpertBuffers lay_out_experts(ProgramBuilder& builder) {
  const HyperParameters& hyper = builder.hyper();
  ExpertBuffers at{};
  at.logits = builder.activation(hyper.n_experts);
  at.route = builder.activation(2 * hyper.top_k);
  at.gate = builder.activation(hyper.top_k * hyper.d_ff_expert);
  at.up = builder.activation(hyper.top_k * hyper.d_ff_expert);
  at.down = builder.activation(hyper.top_k * hyper.d_model);
  return at;
}

RouteTraits read_route_traits(ProgramBuilder& builder, RouteTraits defaults) {
  const GgufFile& file = builder.file();
  const std::string prefix = builder.hyper().architecture + ".";
  RouteTraits traits = defaults;
  constexpr std::uint64_t kUnstated = 0;
  constexpr std::uint64_t kSoftmax = 1;
  constexpr std::uint64_t kSigmoid = 2;
  const std::uint64_t gating =
      file.unsigned_value(prefix + "expert_gating_func").value_or(kUnstated);
  if (gating == kSoftmax) traits.gating = kernels::Gating::softmax;
  if (gating == kSigmoid) traits.gating = kernels::Gating::sigmoid;
  if (gating > kSigmoid) {
    builder.fail(ModelsError::unsupported_format,
                 prefix + "expert_gating_func " + std::to_string(gating) + " is not supported");
  }
  if (const auto norm = file.flag(prefix + "expert_weights_norm")) {
    traits.weights = *norm ? kernels::RouteWeights::normalised : kernels::RouteWeights::as_gated;
  }
  // 0 stands for "no scale" in files that carry the key of another model.
  if (file.number(prefix + "expert_weights_scale").value_or(0.0) != 0.0)
    traits.scale = builder.number("expert_weights_scale", defaults.scale);
  if (file.unsigned_value(prefix + "expert_group_count").value_or(0) > 0) {
    traits.n_groups = builder.count("expert_group_count", std::nullopt, builder.hyper().n_experts);
    traits.n_groups_used =
        builder.count("expert_group_used_count", traits.n_groups, traits.n_groups);
  }
  return traits;
}

void routed_experts(ProgramBuilder& builder, const RouteTraits& traits, const ExpertBuffers& at,
                    kernels::Operand out, kernels::Operand in, const std::string& prefix) {
  const HyperParameters& hyper = builder.hyper();
  const std::string bias = prefix + "exp_probs_b.bias";
  builder.linear(at.logits, in,
                 builder.weight(prefix + "ffn_gate_inp.weight", hyper.n_experts, hyper.d_model));
  builder.route(
      at.route, at.logits,
      builder.has_tensor(bias) ? builder.weight(bias, 1, hyper.n_experts) : kernels::kNoOperand,
      traits);
  builder.begin_expert_blocks();
  builder.expert_linear(
      at.gate, in, at.route,
      builder.expert_weight(prefix + "ffn_gate_exps.weight", hyper.d_ff_expert, hyper.d_model),
      kernels::ExpertInput::shared);
  builder.expert_linear(
      at.up, in, at.route,
      builder.expert_weight(prefix + "ffn_up_exps.weight", hyper.d_ff_expert, hyper.d_model),
      kernels::ExpertInput::shared);
  builder.silu_mul(at.gate, at.gate, at.up);
  builder.expert_linear(
      at.down, at.gate, at.route,
      builder.expert_weight(prefix + "ffn_down_exps.weight", hyper.d_model, hyper.d_ff_expert),
      kernels::ExpertInput::per_choice);
  builder.expert_sum(out, at.down, at.route);
}

}  // namespace blue::models
