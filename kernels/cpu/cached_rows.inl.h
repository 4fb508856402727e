// Rows of the paged cache as floats: where they lie when the cache is float32, else widened into a buffer, so that kernels in
// which many heads read one row widen it once. Include only from *_avx2.cpp and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd.inl.h"
#include "kernels/kv_rows.h"
#include "kernels/op_shape.h"

namespace blue::kernels::cpu {
namespace {

/// Up to a page of rows. Its size (128 KiB) is for a worker's stack and second cache.
struct CachedRows {
  const float* rows[kPageTokens];
  int n = 0;
  alignas(64) float widened[kPageTokens][kMaxLatentDim];
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
    for (int i = 0; i < kValues; i += kLanes) store(to + c + i, mul(scale, load_signed_bytes(bytes + i)));
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

/// dots[h][r] = q_h · row_r for kHeads heads, `stride` values apart, and rows first and second (which may be the same).
template <int kHeads>
BLUE_SIMD void dot_two_rows(const float* q, std::uint64_t stride, const float* first, const float* second,
                            int width, float (*dots)[2]) {
  Vec sums[kHeads][2];
  BLUE_UNROLL
  for (int h = 0; h < kHeads; ++h) sums[h][0] = sums[h][1] = zero();
  const auto step = [&](int c, auto load_at) BLUE_SIMD_LAMBDA {
    const Vec x = load_at(first + c);
    const Vec y = load_at(second + c);
    BLUE_UNROLL
    for (int h = 0; h < kHeads; ++h) {
      const Vec query = load_at(q + static_cast<std::uint64_t>(h) * stride + c);
      sums[h][0] = mul_add(query, x, sums[h][0]);
      sums[h][1] = mul_add(query, y, sums[h][1]);
    }
  };
  int c = 0;
  for (; c + kLanes <= width; c += kLanes)
    step(c, [](const float* from) BLUE_SIMD_LAMBDA { return load(from); });
  if (c < width) {
    step(c, [left = width - c](const float* from) BLUE_SIMD_LAMBDA { return load_first(from, left); });
  }
  BLUE_UNROLL
  for (int h = 0; h < kHeads; ++h) {
    dots[h][0] = sum_of_lanes(sums[h][0]);
    dots[h][1] = sum_of_lanes(sums[h][1]);
  }
}

/// dots[h][r] of kHeads heads and all rows.
template <int kHeads>
void dot_rows(const float* q, std::uint64_t stride, const CachedRows& cached, int width,
              float (*dots)[kPageTokens]) {
  for (int r = 0; r < cached.n; r += 2) {
    const bool has_second = r + 1 < cached.n;
    float pair[kHeads][2];
    dot_two_rows<kHeads>(q, stride, cached.rows[r], cached.rows[has_second ? r + 1 : r], width, pair);
    for (int h = 0; h < kHeads; ++h) {
      dots[h][r] = pair[h][0];
      if (has_second) dots[h][r + 1] = pair[h][1];
    }
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
