// Vectors of floats for kernels written once and compiled per instruction set: 8 lanes with AVX2,
// 16 with AVX-512. Include only from translation units compiled with those flags, never from a
// header that others see. Everything is in an unnamed namespace and forced inline: an out-of-line
// copy with linkage could be chosen by the linker for every caller, and an older CPU would execute
// instructions that it lacks. For the same reason such units use no standard-library templates:
// intrinsics, plain loops and what is in here. Depends on immintrin.h. Pure functions; any thread.
#pragma once

// GCC 12 warns of the deliberately undefined operands inside its own AVX-512 intrinsics (GCC bug
// 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <cstddef>
#include <cstdint>

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "simd.inl.h needs -mavx2 -mfma -mf16c, or -mavx512f and its companions"
#endif

#define BLUE_SIMD inline __attribute__((always_inline))
#define BLUE_SIMD_LAMBDA __attribute__((always_inline))
/// Before a loop of constant length whose indices must become register names.
#if defined(__clang__)
#define BLUE_UNROLL _Pragma("unroll")
#else
#define BLUE_UNROLL _Pragma("GCC unroll 64")
#endif

namespace blue::kernels::cpu {
namespace {

#if defined(__AVX512F__)

constexpr int kLanes = 16;
using Vec = __m512;

BLUE_SIMD Vec zero() { return _mm512_setzero_ps(); }
BLUE_SIMD Vec all(float x) { return _mm512_set1_ps(x); }
BLUE_SIMD Vec load(const float* from) { return _mm512_loadu_ps(from); }
BLUE_SIMD void store(float* to, Vec x) { _mm512_storeu_ps(to, x); }
BLUE_SIMD Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
BLUE_SIMD Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
BLUE_SIMD Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
BLUE_SIMD Vec div(Vec a, Vec b) { return _mm512_div_ps(a, b); }
BLUE_SIMD Vec mul_add(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
BLUE_SIMD Vec mul_sub(Vec a, Vec b, Vec c) { return _mm512_fmsub_ps(a, b, c); }
/// a - b · c
BLUE_SIMD Vec sub_mul(Vec a, Vec b, Vec c) { return _mm512_fnmadd_ps(b, c, a); }
/// The second where either is NaN.
BLUE_SIMD Vec least(Vec a, Vec b) { return _mm512_min_ps(a, b); }
BLUE_SIMD Vec greatest(Vec a, Vec b) { return _mm512_max_ps(a, b); }
BLUE_SIMD Vec round_to_int(Vec x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// 2^n for integral n in [-126, 127].
BLUE_SIMD Vec power_of_two(Vec n) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127)), 23));
}
BLUE_SIMD Vec load_halves(const std::uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
BLUE_SIMD Vec load_signed_bytes(const std::int8_t* from) {
  return _mm512_cvtepi32_ps(
      _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
}
BLUE_SIMD __m512i load_bytes(const std::uint8_t* from) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
BLUE_SIMD Vec load_low_nibbles(const std::uint8_t* from) {
  return _mm512_cvtepi32_ps(_mm512_and_si512(load_bytes(from), _mm512_set1_epi32(15)));
}
BLUE_SIMD Vec load_high_nibbles(const std::uint8_t* from) {
  return _mm512_cvtepi32_ps(_mm512_srli_epi32(load_bytes(from), 4));
}
/// The first n <= kLanes floats, zero behind; reads nothing beyond them.
BLUE_SIMD Vec load_first(const float* from, int n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << n) - 1U), from);
}
BLUE_SIMD void store_first(float* to, Vec x, int n) {
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << n) - 1U), x);
}
/// The first n <= kLanes lanes of x, those of `rest` behind.
BLUE_SIMD Vec first_of(Vec x, int n, Vec rest) {
  return _mm512_mask_mov_ps(rest, static_cast<__mmask16>((1U << n) - 1U), x);
}
BLUE_SIMD float first_lane(Vec x) { return _mm512_cvtss_f32(x); }
/// The bits of x that `bits` lacks.
BLUE_SIMD Vec without(Vec x, Vec bits) { return _mm512_andnot_ps(bits, x); }
BLUE_SIMD void store_halves(std::uint16_t* to, Vec x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
BLUE_SIMD __m256 fold(Vec x) {
  return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
}

#else

constexpr int kLanes = 8;
using Vec = __m256;

BLUE_SIMD Vec zero() { return _mm256_setzero_ps(); }
BLUE_SIMD Vec all(float x) { return _mm256_set1_ps(x); }
BLUE_SIMD Vec load(const float* from) { return _mm256_loadu_ps(from); }
BLUE_SIMD void store(float* to, Vec x) { _mm256_storeu_ps(to, x); }
BLUE_SIMD Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
BLUE_SIMD Vec sub(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
BLUE_SIMD Vec mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
BLUE_SIMD Vec div(Vec a, Vec b) { return _mm256_div_ps(a, b); }
BLUE_SIMD Vec mul_add(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
BLUE_SIMD Vec mul_sub(Vec a, Vec b, Vec c) { return _mm256_fmsub_ps(a, b, c); }
/// a - b · c
BLUE_SIMD Vec sub_mul(Vec a, Vec b, Vec c) { return _mm256_fnmadd_ps(b, c, a); }
/// The second where either is NaN.
BLUE_SIMD Vec least(Vec a, Vec b) { return _mm256_min_ps(a, b); }
BLUE_SIMD Vec greatest(Vec a, Vec b) { return _mm256_max_ps(a, b); }
BLUE_SIMD Vec round_to_int(Vec x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// 2^n for integral n in [-126, 127].
BLUE_SIMD Vec power_of_two(Vec n) {
  return _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
BLUE_SIMD Vec load_halves(const std::uint16_t* from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
BLUE_SIMD Vec load_signed_bytes(const std::int8_t* from) {
  return _mm256_cvtepi32_ps(
      _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
BLUE_SIMD __m256i load_bytes(const std::uint8_t* from) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}
BLUE_SIMD Vec load_low_nibbles(const std::uint8_t* from) {
  return _mm256_cvtepi32_ps(_mm256_and_si256(load_bytes(from), _mm256_set1_epi32(15)));
}
BLUE_SIMD Vec load_high_nibbles(const std::uint8_t* from) {
  return _mm256_cvtepi32_ps(_mm256_srli_epi32(load_bytes(from), 4));
}
BLUE_SIMD __m256i first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
/// The first n <= kLanes floats, zero behind; reads nothing beyond them.
BLUE_SIMD Vec load_first(const float* from, int n) {
  return _mm256_maskload_ps(from, first_lanes(n));
}
BLUE_SIMD void store_first(float* to, Vec x, int n) { _mm256_maskstore_ps(to, first_lanes(n), x); }
/// The first n <= kLanes lanes of x, those of `rest` behind.
BLUE_SIMD Vec first_of(Vec x, int n, Vec rest) {
  return _mm256_blendv_ps(rest, x, _mm256_castsi256_ps(first_lanes(n)));
}
BLUE_SIMD float first_lane(Vec x) { return _mm256_cvtss_f32(x); }
/// The bits of x that `bits` lacks.
BLUE_SIMD Vec without(Vec x, Vec bits) { return _mm256_andnot_ps(bits, x); }
BLUE_SIMD void store_halves(std::uint16_t* to, Vec x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
BLUE_SIMD __m256 fold(Vec x) { return x; }

#endif

BLUE_SIMD float sum_of_eight(__m256 eight) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}
BLUE_SIMD float sum_of_lanes(Vec x) { return sum_of_eight(fold(x)); }

/// sum_of_lanes() of four vectors.
BLUE_SIMD __m128 four_sums_of_lanes(Vec a, Vec b, Vec c, Vec d) {
  const __m256 x = fold(a), y = fold(b), z = fold(c), w = fold(d);
  const __m256 xy = _mm256_add_ps(_mm256_unpacklo_ps(x, y), _mm256_unpackhi_ps(x, y));
  const __m256 zw = _mm256_add_ps(_mm256_unpacklo_ps(z, w), _mm256_unpackhi_ps(z, w));
  const __m256 sums =
      _mm256_add_ps(_mm256_shuffle_ps(xy, zw, 0x44), _mm256_shuffle_ps(xy, zw, 0xee));
  return _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
}
BLUE_SIMD float largest_of_lanes(Vec x) {
#if defined(__AVX512F__)
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
#else
  const __m256 eight = x;
#endif
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

/// e^x to 2 units in the last place; x is clamped to [-87.3, 88.3], where the result is still a
/// normal float. NaN stays NaN. Method: x = n ln 2 + r, |r| <= ln 2 / 2, the Taylor polynomial of
/// degree 7 in r (its remainder is < 2^-27), times 2^n.
BLUE_SIMD Vec exponential(Vec x) {
  x = greatest(all(-87.3F), least(all(88.3F), x));
  const Vec n = round_to_int(mul(x, all(1.44269504F)));
  // ln 2 in two parts, the upper with few bits, so that n times it is exact.
  const Vec r = mul_add(n, all(2.12194440e-4F), mul_add(n, all(-0.693359375F), x));
  Vec sum = all(1.0F / 5040);
  sum = mul_add(sum, r, all(1.0F / 720));
  sum = mul_add(sum, r, all(1.0F / 120));
  sum = mul_add(sum, r, all(1.0F / 24));
  sum = mul_add(sum, r, all(1.0F / 6));
  sum = mul_add(sum, r, all(0.5F));
  sum = mul_add(sum, r, all(1.0F));
  sum = mul_add(sum, r, all(1.0F));
  return mul(sum, power_of_two(n));
}

}  // namespace
}  // namespace blue::kernels::cpu
