// What attention and attention_latent share out among the workers: some queries of one sequence
// against a range of its positions, for one kv head or several. Depends on kernels/op.h. Plain
// values that borrow the step's buffers; any thread.
#pragma once

#include "kernels/op.h"

namespace blue::kernels::cpu {

/// Most query rows of one kv head in a part, and most values of their sums: the sums are on a
/// worker's stack (288 KiB) and stay in its second cache.
inline constexpr std::uint32_t kMostQueryRows = 256;
inline constexpr std::uint32_t kMostSums = 73728;

/// Positions that ranges begin at a multiple of: what the kernels take together.
inline constexpr std::uint32_t kRangeStep = 64;

/// Both ops in one: attention_latent is attention with one kv head whose values are the first
/// value_dim values of its keys.
struct AttentionShape {
  std::uint32_t n_heads = 0;
  std::uint32_t n_kv_heads = 0;
  std::uint32_t key_dim = 0;
  std::uint32_t value_dim = 0;
  bool is_value_in_key = false;

  /// Query heads of one kv head.
  [[nodiscard]] std::uint32_t group() const { return n_heads / n_kv_heads; }
  /// Of one query's result over a range of positions: its sums, the largest score, the divisor.
  [[nodiscard]] std::uint64_t partial_values() const { return std::uint64_t{value_dim} + 2; }
};

/// Rows [first_row, end_row) of each of the kv heads [kv_head, kv_head + n_kv_heads): row r is
/// query head r % group of token `token` + r / group; all tokens are of one sequence.
struct AttentionPart {
  AttentionShape shape;
  std::uint32_t token = 0;
  std::uint32_t first_row = 0;
  std::uint32_t end_row = 0;
  std::uint32_t kv_head = 0;
  std::uint32_t n_kv_heads = 0;
  /// Positions, or places in `chosen`; a multiple of kRangeStep first.
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  const float* q = nullptr;       ///< [n_tokens, n_heads, key_dim] of the step
  const float* chosen = nullptr;  ///< the only token's positions, ascending; null: all
  float* out = nullptr;           ///< [n_tokens, n_heads, value_dim] of the step, without `partial`
  /// Where the range is one of several: that of the first head of `token`, each next one
  /// partial_stride values on.
  float* partial = nullptr;
  std::uint64_t partial_stride = 0;
};

}  // namespace blue::kernels::cpu
