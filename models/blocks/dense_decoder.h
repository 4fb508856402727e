// The dense pre-norm decoder that llama, qwen3 and their kin share; an architecture file states what is its own.
// Depends on models/blocks/program_builder.h.
#pragma once

#include <cstdint>

#include "kernels/op.h"
#include "models/blocks/program_builder.h"

namespace blue::models {

enum class HeadNorm : std::uint8_t { none, queries_and_keys };

/// What tells one dense decoder from another.
struct DenseDecoderTraits {
  kernels::RopeStyle rope_style = kernels::RopeStyle::adjacent;
  HeadNorm head_norm = HeadNorm::none;
};

/// Per layer: x += W_o · attention(rope(norm(x)·W_qkv)); x += W_down · (silu(W_gate·norm(x)) ⊙ W_up·norm(x)).
/// Then logits = W_head · norm(x), the head tied to the embedding where the file has no output.weight.
/// Source: Touvron et al. 2023, LLaMA, §2.2; grouped queries: Ainslie et al. 2023.
Result<Program> compile_dense_decoder(const GgufFile& file, const DenseDecoderTraits& traits);

}  // namespace blue::models
