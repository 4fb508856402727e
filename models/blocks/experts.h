// The routed experts that mixture-of-experts decoders share: router, products, weighted sum.
// Depends on models/blocks/program_builder.h. For the time of one compilation; one thread.
// Source: Shazeer et al. 2017, Outrageously large neural networks, §2; Jiang et al. 2024, Mixtral
// of experts, §2.1.
#pragma once

#include <string>

#include "models/blocks/program_builder.h"

namespace blue::models {

/// What all layers' experts share.
struct ExpertBuffers {
  kernels::Operand logits;  ///< [n_experts]
  kernels::Operand route;   ///< [2 · top_k]
  kernels::Operand gate;    ///< [top_k, d_ff_expert]
  kernels::Operand up;      ///< [top_k, d_ff_expert]
  kernels::Operand down;    ///< [top_k, d_model]
};

ExpertBuffers lay_out_experts(ProgramBuilder& builder);

/// The keys expert_gating_func, expert_weights_norm, expert_weights_scale, expert_group_count and
/// expert_group_used_count where the file has them, else the architecture's.
RouteTraits read_route_traits(ProgramBuilder& builder, RouteTraits defaults);

/// out = Σ over the chosen e of weight_e · W_down,e · (silu(W_gate,e · in) ⊙ W_up,e · in), with the
/// tensors "<prefix>ffn_gate_inp.weight", "<prefix>ffn_{gate,up,down}_exps.weight" (or
/// "ffn_gate_up_exps", or one tensor per expert) and, where the file has it, the selection bias
/// "<prefix>exp_probs_b.bias". The router lies in the current block, each expert in a block of its
/// own.
void routed_experts(ProgramBuilder& builder, const RouteTraits& traits, const ExpertBuffers& at,
                    kernels::Operand out, kernels::Operand in, const std::string& prefix);

}  // namespace blue::models
