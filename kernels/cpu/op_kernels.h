// The ops of the CPU backend that are compiled per instruction set, apart from linear (see
// format_kernels.h). Each works on a part of its items, so that the backend can share them out
// among its workers. Depends on kernels/op.h. Plain function pointers with static lifetime; any
// thread. None allocates, none fails.
#pragma once

#include <cstdint>

#include "kernels/op.h"

namespace blue::kernels::cpu {

/// Query rows (heads of one kv head, times tokens) that read the cache together.
inline constexpr int kQueryRows = 16;

/// What one call of attention works on: tokens [begin, end) of the step, the query heads of one kv
/// head.
struct AttentionPart {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t kv_head = 0;
};

/// Query rows (heads, times tokens) that attention_latent takes at once: bounds the accumulators on
/// its stack.
inline constexpr std::uint32_t kLatentQueries = 32;

/// One part of an attention_latent op: heads [head, head + n_heads) of tokens [begin, end).
struct LatentPart {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t head = 0;
  std::uint32_t n_heads = 0;
  const float* q = nullptr;  ///< the op's whole in
  float* out = nullptr;      ///< the op's whole out
  /// Positions of one token, [op.top_k], ascending, then -1; null: all positions.
  const float* chosen = nullptr;
};

struct OpKernels {
  /// Rounds activations to bytes (q8_rows.h). Shapes: rows [begin, end) of in [n, cols], cols a
  /// multiple of 32; `rows` is row 0 of the result. Bound: within each group of 32, |error| <=
  /// largest magnitude / 254.
  void (*quantise)(const float* in, std::byte* rows, std::uint64_t begin, std::uint64_t end,
                   std::uint64_t cols) = nullptr;

  /// Shapes:   groups [begin, end) of `cols` values each, `stride` apart; weight [cols]. Aliasing:
  ///           out may be in.
  /// Bound:    reads and writes each value once or twice; sums in float32, one partial sum per
  ///           lane.
  void (*rms_norm)(const float* in, const float* weight, float* out, std::uint64_t begin,
                   std::uint64_t end, std::uint64_t cols, std::uint64_t stride,
                   float eps) = nullptr;

  /// Shapes:   values [begin, end) of flat arrays. Aliasing: out may be in or in2. Bound: exp to 2
  ///           units in the last place.
  void (*silu_mul)(const float* in, const float* in2, float* out, std::uint64_t begin,
                   std::uint64_t end) = nullptr;

  /// Attention of the query heads of one kv head over some tokens, over the paged cache.
  /// Shapes:   q and out [n_tokens, n_heads, head_dim]; head_dim <= kMaxHeadDim. Aliasing: out may
  ///           be q.
  /// Units:    op.scale multiplies q·k before softmax.
  /// Bound:    reads each key and value once per kQueryRows query rows of one sequence: 2 ·
  ///           n_positions · head_dim values.
  /// Source:   Milakov and Gimelshein 2018, Online normalizer calculation for softmax, algorithm 3;
  ///           here page by page.
  void (*attention)(const Op& op, const KvView& kv, const StepInputs& inputs, const float* q,
                    float* out, const AttentionPart& part) = nullptr;

  /// attention_latent of some heads of some tokens, which share every cached row that is read where
  /// they are of one sequence.
  /// Shapes:   q [n_tokens, n_heads, head_dim], out [n_tokens, n_heads, value_dim]; the part has at
  ///           most kLatentQueries rows, one token where it has a choice; head_dim <=
  ///           kMaxLatentDim.
  /// Bound:    reads each cached row once for all queries of one sequence: n_positions · head_dim
  ///           values.
  /// Source:   DeepSeek-AI 2024, DeepSeek-V2, §2.1 (absorbed form); softmax as in attention.
  void (*attention_latent)(const Op& op, const KvView& kv, const StepInputs& inputs,
                           const LatentPart& part) = nullptr;

  /// Scores of positions [first, end) of one token, end - first <= kPageTokens, all in one page:
  /// out[i] is that of first + i.
  /// Shapes:   q [n_heads, head_dim], weights [n_heads]. Bound: reads head_dim values of each
  ///           position once.
  /// Source:   DeepSeek-AI 2025, DeepSeek-V3.2, §2.1 (lightning indexer).
  void (*index_scores)(const Op& op, const KvView& kv, const std::byte* rows, std::uint32_t n_rows,
                       const float* q, const float* weights, float* out) = nullptr;

  /// Shapes:   rows [begin, end) of `cols` values; weight [cols]. Aliasing: out may be in.
  void (*layer_norm)(const float* in, const float* weight, float* out, std::uint64_t begin,
                     std::uint64_t end, std::uint64_t cols, float eps) = nullptr;

  /// Shapes:   groups [begin, end) of `cols` values, a power of two. Aliasing: out may be in.
  void (*hadamard)(const float* in, float* out, std::uint64_t begin, std::uint64_t end,
                   std::uint64_t cols) = nullptr;
};

const OpKernels& op_kernels_avx2();
const OpKernels& op_kernels_avx512();

}  // namespace blue::kernels::cpu
