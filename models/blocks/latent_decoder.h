// The decoder of DeepSeek's models and their kin: latent attention, leading dense layers, then
// routed experts beside shared ones. An architecture file states what is its own. Depends on
// models/blocks. Pure functions; any thread.
#pragma once

#include <cstdint>

#include "models/blocks/program_builder.h"

namespace blue::models {

/// Which cached positions a token attends to.
enum class LatentPositions : std::uint8_t { all, chosen_by_indexer };

/// Per layer: x += latent attention(norm(x)); x += feed-forward(norm(x)), where layers from
/// "leading_dense_block_count" on have routed experts and, where the file has them, shared experts
/// that every token goes through. Then logits as in decoder.h. Without expert_count every layer is
/// dense.
/// Errors: missing_key, missing_tensor, bad_shape, unsupported_format.
/// Source: DeepSeek-AI 2024, DeepSeek-V2, §2; DeepSeek-AI 2024, DeepSeek-V3, §2.1 (sigmoid gating
/// and its selection bias).
Result<Program> compile_latent_decoder(const GgufFile& file, LatentPositions positions);

}  // namespace blue::models
