// Products of weight bytes with activation bytes, 32 bits wide: VNNI with AVX-512 and with
// AVX-VNNI, pairs in 16 bits with AVX2. One operand of VNNI is unsigned, so an offset is added to
// signed weights and offset · Σ activations is subtracted from the sum. AVX2 multiplies signed
// bytes exactly by moving their signs to the activations, which bytes above 127 need. Include only
// from translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

/// How weight bytes enter dot(): unsigned, with AVX2 at most 127, or signed.
enum class WeightByte { u8, s8 };

#if defined(__AVX512F__) || defined(__AVXVNNI__)
constexpr bool kHasVnni = true;
#else
constexpr bool kHasVnni = false;
#endif

#if defined(__AVX512F__)

using Ints = __m512i;

BLUE_SIMD Ints load_ints(const void* from) { return _mm512_loadu_si512(from); }
BLUE_SIMD void store_ints(void* to, Ints x) { _mm512_storeu_si512(to, x); }
BLUE_SIMD Ints no_ints() { return _mm512_setzero_si512(); }
BLUE_SIMD Ints all_ints(std::int32_t x) { return _mm512_set1_epi32(x); }
BLUE_SIMD Vec to_floats(Ints x) { return _mm512_cvtepi32_ps(x); }
BLUE_SIMD Ints join(__m256i lower, __m256i upper) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(lower), upper, 1);
}

/// sum + Σ of four products in each 32-bit lane.
template <WeightByte kKind>
BLUE_SIMD Ints dot(Ints sum, Ints weights, Ints x) {
  return _mm512_dpbusd_epi32(sum, weights, x);
}

#else

using Ints = __m256i;

BLUE_SIMD Ints load_ints(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
BLUE_SIMD void store_ints(void* to, Ints x) { _mm256_storeu_si256(static_cast<__m256i*>(to), x); }
BLUE_SIMD Ints no_ints() { return _mm256_setzero_si256(); }
BLUE_SIMD Ints all_ints(std::int32_t x) { return _mm256_set1_epi32(x); }
BLUE_SIMD Vec to_floats(Ints x) { return _mm256_cvtepi32_ps(x); }

/// Pairs stay within 16 bits: 2 · 128 · 127 < 2^15, since activations never are -128.
template <WeightByte kKind>
BLUE_SIMD Ints dot(Ints sum, Ints weights, Ints x) {
#if defined(__AVXVNNI__)
  return _mm256_dpbusd_avx_epi32(sum, weights, x);
#else
  if constexpr (kKind == WeightByte::s8) {
    x = _mm256_sign_epi8(x, weights);
    weights = _mm256_abs_epi8(weights);
  }
  return _mm256_add_epi32(
      sum, _mm256_madd_epi16(_mm256_maddubs_epi16(weights, x), _mm256_set1_epi16(1)));
#endif
}

#endif

/// dot() of 32 bytes, from zero, whatever kLanes is.
template <WeightByte kKind>
BLUE_SIMD __m256i dot_of_32(__m256i weights, __m256i x) {
#if defined(__AVX512F__)
  return _mm256_dpbusd_epi32(_mm256_setzero_si256(), weights, x);
#else
  return dot<kKind>(no_ints(), weights, x);
#endif
}

/// kLanes lanes of the same four bytes.
BLUE_SIMD Ints all_quads(const std::int8_t* from) {
  std::int32_t quad;
  __builtin_memcpy(&quad, from, sizeof quad);
  return all_ints(quad);
}
BLUE_SIMD __m256i load_32_bytes(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

/// Lane r of out[k] = bytes 4k..4k+3 of row r, for the kLanes rows of 32 bytes that are `stride`
/// bytes apart.
BLUE_SIMD void interleave_rows(const std::uint8_t* rows, std::size_t stride, Ints (&out)[8]) {
  Ints row[8];
  BLUE_UNROLL
  for (int i = 0; i < 8; ++i) {
#if defined(__AVX512F__)
    row[i] = _mm512_inserti64x4(
        _mm512_castsi256_si512(load_32_bytes(rows + static_cast<std::size_t>(i) * stride)),
        load_32_bytes(rows + static_cast<std::size_t>(i + 8) * stride), 1);
#else
    row[i] = load_32_bytes(rows + static_cast<std::size_t>(i) * stride);
#endif
  }
  // In each 128-bit lane a 4 x 4 transposition of rows 4h..4h+3; then the lanes are permuted.
  BLUE_UNROLL
  for (int h = 0; h < 2; ++h) {
    Ints* four = row + 4 * h;
#if defined(__AVX512F__)
    const Ints a = _mm512_unpacklo_epi32(four[0], four[1]),
               b = _mm512_unpackhi_epi32(four[0], four[1]);
    const Ints c = _mm512_unpacklo_epi32(four[2], four[3]),
               d = _mm512_unpackhi_epi32(four[2], four[3]);
    four[0] = _mm512_unpacklo_epi64(a, c);
    four[1] = _mm512_unpackhi_epi64(a, c);
    four[2] = _mm512_unpacklo_epi64(b, d);
    four[3] = _mm512_unpackhi_epi64(b, d);
#else
    const Ints a = _mm256_unpacklo_epi32(four[0], four[1]),
               b = _mm256_unpackhi_epi32(four[0], four[1]);
    const Ints c = _mm256_unpacklo_epi32(four[2], four[3]),
               d = _mm256_unpackhi_epi32(four[2], four[3]);
    four[0] = _mm256_unpacklo_epi64(a, c);
    four[1] = _mm256_unpackhi_epi64(a, c);
    four[2] = _mm256_unpacklo_epi64(b, d);
    four[3] = _mm256_unpackhi_epi64(b, d);
#endif
  }
  BLUE_UNROLL
  for (int k = 0; k < 4; ++k) {
#if defined(__AVX512F__)
    const Ints lower = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const Ints upper = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    out[k] = _mm512_permutex2var_epi64(row[k], lower, row[k + 4]);
    out[k + 4] = _mm512_permutex2var_epi64(row[k], upper, row[k + 4]);
#else
    out[k] = _mm256_permute2x128_si256(row[k], row[k + 4], 0x20);
    out[k + 4] = _mm256_permute2x128_si256(row[k], row[k + 4], 0x31);
#endif
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
