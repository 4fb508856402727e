// Products that decoders share, as converters store their matrices: with or without biases, several
// in one tensor or each in its own. Depends on models/blocks/program_builder.h. Adds to the builder
// that it is given; one thread.
#pragma once

#include <cstdint>
#include <string>

#include "models/blocks/program_builder.h"

namespace blue::models {

/// out = W · in + b, with the tensors "<name>.weight" [rows, cols] and, where the file has it,
/// "<name>.bias" [rows].
void project(ProgramBuilder& builder, kernels::Operand out, kernels::Operand in,
             const std::string& name, std::uint64_t rows, std::uint64_t cols);

/// Operands of queries, keys and values.
struct QkvOperands {
  kernels::Operand q;
  kernels::Operand k;
  kernels::Operand v;
};

/// Queries, keys and values of `in`: "<prefix>attn_q", "attn_k" and "attn_v", or their rows in one
/// "<prefix>attn_qkv", in that order; biases likewise.
void project_qkv(ProgramBuilder& builder, const QkvOperands& out, kernels::Operand in,
                 const std::string& prefix, std::uint64_t q_width, std::uint64_t kv_width);

/// The buffers of a gated feed-forward, [d_ff] each.
struct GatedBuffers {
  kernels::Operand gate;
  kernels::Operand up;
};

/// out = W_down · (silu(W_gate · in) ⊙ W_up · in) with the tensors "<prefix>ffn_gate<suffix>" and
/// so on; or gate and up as the first and second half of "ffn_gate_up<suffix>", or of "ffn_up"
/// where there is no gate (as Phi-3's files have it). Biases where the file has them.
void gated_feed_forward(ProgramBuilder& builder, kernels::Operand out, kernels::Operand in,
                        const GatedBuffers& at, std::uint32_t d_ff, const std::string& prefix,
                        const std::string& suffix);

}  // namespace blue::models
