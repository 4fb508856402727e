// Rows of the paged cache as floats: in place when the cache is float32, else widened into a
// buffer, so that kernels in which many heads read one row widen it once. Include only from
// *_avx2.cpp and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/simd.inl.h"
#include "kernels/kv_rows.h"
#include "kernels/op.h"

namespace blue::kernels::cpu {
namespace {

/// Between rows of a buffer: a line more than a power of two, since lines 4096 bytes apart share a
/// set of the first cache.
constexpr int kRowStride = static_cast<int>(kMaxLatentDim) + 16;

/// Up to a page of rows. Its size (130 KiB) fits a worker's stack and second cache.
struct CachedRows {
  const float* rows[kPageTokens];
  int n = 0;
  alignas(64) float widened[kPageTokens][kRowStride];
};

void widen_halves(const std::byte* row, int width, float* to) {
  const auto* halves = reinterpret_cast<const std::uint16_t*>(row);
  int i = 0;
  for (; i + kLanes <= width; i += kLanes) store(to + i, load_halves(halves + i));
  for (; i < width; ++i) to[i] = _cvtsh_ss(halves[i]);
}

void widen_blocks(const std::byte* row, int width, float* to) {
  constexpr int kValues = static_cast<int>(kKvBlockValues);
  for (int c = 0; c < width; c += kValues, row += kKvBlockBytes) {
    std::uint16_t half;
    __builtin_memcpy(&half, row, sizeof half);
    const Vec scale = all(_cvtsh_ss(half));
    const auto* bytes = reinterpret_cast<const std::int8_t*>(row + sizeof half);
    for (int i = 0; i < kValues; i += kLanes)
      store(to + c + i, mul(scale, load_signed_bytes(bytes + i)));
  }
}

/// Adds a row of `width` <= kMaxLatentDim values.
void add_row(CachedRows& cached, KvType type, const std::byte* row, int width) {
  const int at = cached.n++;
  cached.rows[at] = cached.widened[at];
  switch (type) {
    case KvType::f32: cached.rows[at] = reinterpret_cast<const float*>(row); break;
    case KvType::f16: widen_halves(row, width, cached.widened[at]); break;
    case KvType::q8_0: widen_blocks(row, width, cached.widened[at]); break;
  }
}

/// Queries and cached rows whose products are in registers together; queries are padded to
/// multiples of kDotQueries.
constexpr int kDotQueries = 4;
constexpr int kQueriesAtOnce = kLanes == 16 ? 4 : 2;
constexpr int kDotRows = 4;

/// dots[i][r] = q_i · row_r for kQueriesAtOnce queries and kDotRows rows.
BLUE_SIMD void dot_block(const float* const* q, const float* const* rows, int width,
                         float (*dots)[kPageTokens]) {
  Vec sums[kQueriesAtOnce][kDotRows];
  BLUE_UNROLL
  for (int i = 0; i < kQueriesAtOnce; ++i) {
    BLUE_UNROLL
    for (int r = 0; r < kDotRows; ++r) sums[i][r] = zero();
  }
  const auto step = [&](int c, auto load_at) BLUE_SIMD_LAMBDA {
    Vec row[kDotRows];
    BLUE_UNROLL
    for (int r = 0; r < kDotRows; ++r) row[r] = load_at(rows[r] + c);
    BLUE_UNROLL
    for (int i = 0; i < kQueriesAtOnce; ++i) {
      const Vec query = load_at(q[i] + c);
      BLUE_UNROLL
      for (int r = 0; r < kDotRows; ++r) sums[i][r] = mul_add(query, row[r], sums[i][r]);
    }
  };
  int c = 0;
  for (; c + kLanes <= width; c += kLanes)
    step(c, [](const float* from) BLUE_SIMD_LAMBDA { return load(from); });
  if (c < width) {
    step(c,
         [left = width - c](const float* from) BLUE_SIMD_LAMBDA { return load_first(from, left); });
  }
  BLUE_UNROLL
  for (int i = 0; i < kQueriesAtOnce; ++i)
    _mm_storeu_ps(dots[i], four_sums_of_lanes(sums[i][0], sums[i][1], sums[i][2], sums[i][3]));
}

/// dots[i][r] of n_queries queries, a multiple of kDotQueries, and all rows; behind the last row
/// they are those of other rows. Eight rows stay in the first cache for all queries, read once from
/// the second.
void dot_rows(const float* const* q, int n_queries, CachedRows& cached, int width,
              float (*dots)[kPageTokens]) {
  constexpr int kRowsInCache = 2 * kDotRows;
  static_assert(kPageTokens % kRowsInCache == 0);
  for (int r = cached.n; r % kRowsInCache != 0; ++r) cached.rows[r] = cached.rows[0];
  for (int r = 0; r < cached.n; r += kRowsInCache) {
    for (int i = 0; i < n_queries; i += kQueriesAtOnce) {
      for (int half = r; half < r + kRowsInCache; half += kDotRows) {
        // Each dot block writes kDotRows values of every query from column `half` on.
        dot_block(q + i, cached.rows + half, width,
                  reinterpret_cast<float(*)[kPageTokens]>(dots[i] + half));
      }
    }
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
