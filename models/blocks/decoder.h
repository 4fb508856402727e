// The pre-norm decoder that llama, qwen2, qwen3 and their kin share, with dense layers or routed
// experts; an architecture file states what is its own. Depends on models/blocks/program_builder.h.
// Pure functions; any thread.
#pragma once

#include <cstdint>

#include "kernels/op.h"
#include "models/blocks/program_builder.h"

namespace blue::models {

enum class HeadNorm : std::uint8_t { none, queries_and_keys };

/// What differs between decoders.
struct DecoderTraits {
  kernels::RopeStyle rope_style = kernels::RopeStyle::adjacent;
  HeadNorm head_norm = HeadNorm::none;
  RouteTraits route;  ///< where the file has experts and no keys of its own for them
};

/// Per layer: x += W_o · attention(rope(norm(x)·W_qkv)); x += W_down · (silu(W_gate·norm(x)) ⊙
/// W_up·norm(x)). A layer with a router has routed experts in the feed-forward's place. Biases of
/// q, k, v and o where the file has them. Then logits = W_head · norm(x), the head tied to the
/// embedding where the file has no output.weight.
/// Source: Touvron et al. 2023, LLaMA, §2.2; grouped queries: Ainslie et al. 2023.
Result<Program> compile_decoder(const GgufFile& file, const DecoderTraits& traits);

}  // namespace blue::models
