// The lightning indexer's scores; contract at OpKernels::index_scores. Include only from *_avx2.cpp
// and *_avx512.cpp.
#pragma once

#include "kernels/cpu/simd/cached_rows.inl.h"
#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

constexpr int kIndexHeadsAtOnce = 16;  ///< whose dot products are on the stack together

/// scores[r] += Σ_h weights[h] · max(0, q_h · row_r) over n_heads <= kIndexHeadsAtOnce heads.
void add_head_scores(const Op& op, CachedRows& cached, const float* q, const float* weights,
                     int n_heads, float* scores) {
  alignas(64) float dots[kIndexHeadsAtOnce][kPageTokens];
  const float* queries[kIndexHeadsAtOnce];
  const int n_queries = (n_heads + kDotQueries - 1) / kDotQueries * kDotQueries;
  for (int h = 0; h < n_queries; ++h)
    queries[h] = q + static_cast<std::uint64_t>(h < n_heads ? h : 0) * op.head_dim;
  dot_rows(queries, n_queries, cached, static_cast<int>(op.head_dim), dots);
  for (int h = 0; h < n_heads; ++h) {
    for (int r = 0; r < static_cast<int>(kPageTokens); r += kLanes) {
      const Vec positive = greatest(load(dots[h] + r), zero());
      store(scores + r, mul_add(positive, all(weights[h]), load(scores + r)));
    }
  }
}

void index_scores(const Op& op, const KvView& kv, const std::byte* rows, std::uint32_t n_rows,
                  const float* q, const float* weights, float* out) {
  CachedRows cached;
  const std::uint64_t stride = value_row_bytes(kv);
  for (std::uint32_t r = 0; r < n_rows; ++r) {
    add_row(cached, kv.type, rows + r * stride, static_cast<int>(op.head_dim));
  }
  alignas(64) float scores[kPageTokens];
  for (float& score : scores) score = 0.0F;
  for (std::uint32_t head = 0; head < op.n_heads; head += kIndexHeadsAtOnce) {
    const std::uint32_t left = op.n_heads - head;
    const int n_heads = left < kIndexHeadsAtOnce ? static_cast<int>(left) : kIndexHeadsAtOnce;
    add_head_scores(op, cached, q + std::uint64_t{head} * op.head_dim, weights + head, n_heads,
                    scores);
  }
  for (std::uint32_t r = 0; r < n_rows; ++r) out[r] = scores[r] * op.scale;
}

}  // namespace
}  // namespace blue::kernels::cpu
