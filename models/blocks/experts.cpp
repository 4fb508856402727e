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
  const std::string prefix = builder.hyper().architecture + ".";
  RouteTraits traits = defaults;
  constexpr std::uint64_t kUnstated = 0;
  constexpr std::uint64_t kSoftmax = 1;
  constexpr std::uint64_t kSigmoid = 2;
  const std::uint64_t gating = builder.stated_count("expert_gating_func").value_or(kUnstated);
  if (gating == kSoftmax) traits.gating = kernels::Gating::softmax;
  if (gating == kSigmoid) traits.gating = kernels::Gating::sigmoid;
  if (gating > kSigmoid) {
    builder.fail(ModelsError::unsupported_format,
                 prefix + "expert_gating_func " + std::to_string(gating) + " is not supported");
  }
  if (const auto norm = builder.stated_flag("expert_weights_norm")) {
    traits.weights = *norm ? kernels::RouteWeights::normalised : kernels::RouteWeights::as_gated;
  }
  // 0 means "no scale" in files that have the key of another model.
  if (builder.file().number(prefix + "expert_weights_scale") != 0.0)
    traits.scale = builder.number("expert_weights_scale", defaults.scale);
  if (builder.stated_count("expert_group_count").value_or(0) > 0) {
    traits.n_groups = builder.count("expert_group_count", std::nullopt, builder.hyper().n_experts);
    traits.n_groups_used =
        builder.count("expert_group_used_count", traits.n_groups, traits.n_groups);
  }
  return traits;
}

namespace {

/// The experts' gate and up matrices: each in a tensor of its own, or the first and second half of
/// every expert's rows in one.
struct ExpertInputs {
  kernels::Operand gate;
  kernels::Operand up;
};

ExpertInputs expert_inputs(ProgramBuilder& builder, const std::string& prefix) {
  const HyperParameters& hyper = builder.hyper();
  const std::uint64_t d_ff = hyper.d_ff_expert;
  const std::string fused = prefix + "ffn_gate_up_exps.weight";
  if (!builder.has_tensor(fused)) {
    const kernels::Operand gate = builder.expert_weight(prefix + "ffn_gate", d_ff, hyper.d_model);
    return {gate, builder.expert_weight(prefix + "ffn_up", d_ff, hyper.d_model)};
  }
  const kernels::Operand gate = builder.expert_rows(fused, 2 * d_ff, 0, d_ff, hyper.d_model);
  return {gate, builder.expert_rows(fused, 2 * d_ff, d_ff, d_ff, hyper.d_model)};
}

}  // namespace

void routed_experts(ProgramBuilder& builder, const RouteTraits& traits, const ExpertBuffers& at,
                    kernels::Operand out, kernels::Operand in, const std::string& prefix) {
  const HyperParameters& hyper = builder.hyper();
  const std::string bias = prefix + "exp_probs_b.bias";
  builder.linear(at.logits, in,
                 builder.weight(prefix + "ffn_gate_inp.weight", hyper.n_experts, hyper.d_model));
  builder.route(
      at.route, at.logits,
      builder.has_tensor(bias) ? builder.vector(bias, hyper.n_experts) : kernels::kNoOperand,
      traits);
  builder.begin_expert_blocks();
  const ExpertInputs weights = expert_inputs(builder, prefix);
  builder.expert_linear(at.gate, in, at.route, weights.gate, kernels::ExpertInput::shared);
  builder.expert_linear(at.up, in, at.route, weights.up, kernels::ExpertInput::shared);
  builder.silu_mul(at.gate, at.gate, at.up);
  builder.expert_linear(
      at.down, at.gate, at.route,
      builder.expert_weight(prefix + "ffn_down", hyper.d_model, hyper.d_ff_expert),
      kernels::ExpertInput::per_choice);
  builder.expert_sum(out, at.down, at.route);
}

}  // namespace blue::models
