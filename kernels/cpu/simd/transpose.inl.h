// A square of kLanes x kLanes floats in registers, turned over its diagonal. Include only from
// *_avx2.cpp and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

#if defined(__AVX512F__)

/// Pairs, then quadruples inside 128-bit lanes, then the lanes themselves in two steps.
BLUE_SIMD void transpose(Vec (&rows)[kLanes]) {
  Vec fours[kLanes];
  BLUE_UNROLL
  for (int i = 0; i < kLanes; i += 4) {
    const __m512d low = _mm512_castps_pd(_mm512_unpacklo_ps(rows[i], rows[i + 1]));
    const __m512d high = _mm512_castps_pd(_mm512_unpackhi_ps(rows[i], rows[i + 1]));
    const __m512d low2 = _mm512_castps_pd(_mm512_unpacklo_ps(rows[i + 2], rows[i + 3]));
    const __m512d high2 = _mm512_castps_pd(_mm512_unpackhi_ps(rows[i + 2], rows[i + 3]));
    fours[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, low2));
    fours[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, low2));
    fours[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(high, high2));
    fours[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(high, high2));
  }
  // fours[4 r + c] holds, in lane l, column 4 l + c of rows 4 r to 4 r + 3.
  BLUE_UNROLL
  for (int c = 0; c < 4; ++c) {
    const Vec even = _mm512_shuffle_f32x4(fours[c], fours[4 + c], 0x88);
    const Vec odd = _mm512_shuffle_f32x4(fours[c], fours[4 + c], 0xdd);
    const Vec even2 = _mm512_shuffle_f32x4(fours[8 + c], fours[12 + c], 0x88);
    const Vec odd2 = _mm512_shuffle_f32x4(fours[8 + c], fours[12 + c], 0xdd);
    rows[c] = _mm512_shuffle_f32x4(even, even2, 0x88);
    rows[8 + c] = _mm512_shuffle_f32x4(even, even2, 0xdd);
    rows[4 + c] = _mm512_shuffle_f32x4(odd, odd2, 0x88);
    rows[12 + c] = _mm512_shuffle_f32x4(odd, odd2, 0xdd);
  }
}

#else

BLUE_SIMD void transpose(Vec (&rows)[kLanes]) {
  Vec fours[kLanes];
  BLUE_UNROLL
  for (int i = 0; i < kLanes; i += 4) {
    const __m256 low = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    const __m256 high = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    const __m256 low2 = _mm256_unpacklo_ps(rows[i + 2], rows[i + 3]);
    const __m256 high2 = _mm256_unpackhi_ps(rows[i + 2], rows[i + 3]);
    fours[i] = _mm256_shuffle_ps(low, low2, 0x44);
    fours[i + 1] = _mm256_shuffle_ps(low, low2, 0xee);
    fours[i + 2] = _mm256_shuffle_ps(high, high2, 0x44);
    fours[i + 3] = _mm256_shuffle_ps(high, high2, 0xee);
  }
  BLUE_UNROLL
  for (int c = 0; c < 4; ++c) {
    rows[c] = _mm256_permute2f128_ps(fours[c], fours[4 + c], 0x20);
    rows[4 + c] = _mm256_permute2f128_ps(fours[c], fours[4 + c], 0x31);
  }
}

#endif

}  // namespace
}  // namespace blue::kernels::cpu
