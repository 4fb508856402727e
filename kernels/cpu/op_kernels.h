// The ops of the CPU backend that are compiled per instruction set, apart from linear (see
// format_kernels.h). Each works on a part of its items, so that the backend can share them out
// among its workers. Depends on kernels/op.h. Plain function pointers with static lifetime; any
// thread. None allocates, none fails.
#pragma once

#include <cstdint>

#include "kernels/cpu/attention_part.h"
#include "kernels/op.h"

namespace blue::kernels::cpu {

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

  /// Attention and attention_latent of some queries over a range of positions of the paged cache.
  /// Shapes:   attention_part.h; key_dim and value_dim <= kMaxHeadDim, or kMaxLatentDim in latent
  ///           attention; rows times (value_dim rounded up to 16, and 16) <= kMostSums, rows <=
  ///           kMostQueryRows. Aliasing: out may be q.
  /// Units:    op.scale multiplies q·k before softmax.
  /// Bound:    reads each key and value once: n_positions · (key_dim + value_dim) values a kv head.
  /// Source:   Milakov and Gimelshein 2018, Online normalizer calculation for softmax, algorithm 3;
  ///           Dao 2023, FlashAttention-2, §3.1; DeepSeek-AI 2024, DeepSeek-V2, §2.1.
  void (*attention)(const Op& op, const KvView& kv, const StepInputs& inputs,
                    const AttentionPart& part) = nullptr;

  /// One query's results over n_ranges ranges ([n_ranges, dim + 2], AttentionPart::partial) as one.
  /// Aliasing: out is no input.
  void (*merge_attention)(const float* partials, std::uint32_t n_ranges, std::uint32_t dim,
                          float* out) = nullptr;

  /// One row of `n` values into the cache, rounded as the type's format is. Values are finite.
  void (*store_row)(KvType type, const float* from, std::byte* row, std::uint64_t n) = nullptr;

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
