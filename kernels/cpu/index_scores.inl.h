// The lightning indexer's scores; contract at OpKernels::index_scores. Include only from *_avx2.cpp and *_avx512.cpp.
#pragma once

#include "kernels/cpu/cached_rows.inl.h"
#include "kernels/cpu/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

/// scores[r] += Σ_h weights[h] · max(0, q_h · row_r) over kHeads heads.
template <int kHeads>
void add_head_scores(const Op& op, const CachedRows& cached, const float* q, const float* weights,
                     float* scores) {
  float dots[kHeads][kPageTokens];
  dot_rows<kHeads>(q, op.head_dim, cached, static_cast<int>(op.head_dim), dots);
  for (int r = 0; r < cached.n; ++r) {
    for (int h = 0; h < kHeads; ++h) scores[r] += dots[h][r] > 0.0F ? weights[h] * dots[h][r] : 0.0F;
  }
}

void index_scores(const Op& op, const KvView& kv, const std::byte* rows, std::uint32_t n_rows, const float* q,
                  const float* weights, float* out) {
  CachedRows cached;
  const std::uint64_t stride = value_row_bytes(kv);
  for (std::uint32_t r = 0; r < n_rows; ++r) {
    add_row(cached, kv.type, rows + r * stride, static_cast<int>(op.head_dim));
    out[r] = 0.0F;
  }
  std::uint32_t head = 0;
  for (; head + 4 <= op.n_heads; head += 4)
    add_head_scores<4>(op, cached, q + std::uint64_t{head} * op.head_dim, weights + head, out);
  for (; head < op.n_heads; ++head)
    add_head_scores<1>(op, cached, q + std::uint64_t{head} * op.head_dim, weights + head, out);
  for (std::uint32_t r = 0; r < n_rows; ++r) out[r] *= op.scale;
}

}  // namespace
}  // namespace blue::kernels::cpu
