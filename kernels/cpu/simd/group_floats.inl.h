// GroupFloats<kN>: one float for each of the 8 or 16 groups of 256 values, kept in registers from
// the weight block that they are unpacked from to the sums that they multiply. Include only from
// translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

template <int kN>
struct GroupFloats;

template <>
struct GroupFloats<8> {
  __m256 all;

  static BLUE_SIMD GroupFloats zero() { return {_mm256_setzero_ps()}; }
  static BLUE_SIMD GroupFloats load(const float* from) { return {_mm256_loadu_ps(from)}; }
  BLUE_SIMD void store(float* to) const { _mm256_storeu_ps(to, all); }
  BLUE_SIMD GroupFloats times(GroupFloats other) const { return {_mm256_mul_ps(all, other.all)}; }
  /// this + a · b
  BLUE_SIMD GroupFloats plus(GroupFloats a, GroupFloats b) const {
    return {_mm256_fmadd_ps(a.all, b.all, all)};
  }
  [[nodiscard]] BLUE_SIMD __m256 folded() const { return all; }
};

#if defined(__AVX512F__)

template <>
struct GroupFloats<16> {
  __m512 all;

  static BLUE_SIMD GroupFloats zero() { return {_mm512_setzero_ps()}; }
  static BLUE_SIMD GroupFloats load(const float* from) { return {_mm512_loadu_ps(from)}; }
  /// Eight floats, each twice.
  static BLUE_SIMD GroupFloats load_twice(const float* from) {
    const __m512i each_twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return {_mm512_permutexvar_ps(each_twice, _mm512_castps256_ps512(_mm256_loadu_ps(from)))};
  }
  BLUE_SIMD void store(float* to) const { _mm512_storeu_ps(to, all); }
  BLUE_SIMD GroupFloats times(GroupFloats other) const { return {_mm512_mul_ps(all, other.all)}; }
  BLUE_SIMD GroupFloats plus(GroupFloats a, GroupFloats b) const {
    return {_mm512_fmadd_ps(a.all, b.all, all)};
  }
  [[nodiscard]] BLUE_SIMD __m256 folded() const { return fold(all); }
};

/// unit · bytes[i], for 16 signed bytes.
BLUE_SIMD GroupFloats<16> scaled_sixteen(float unit, __m128i bytes) {
  return {_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes)), _mm512_set1_ps(unit))};
}

/// What the sums over the `part`-th 64 values, four of them to a lane, are multiplied with.
BLUE_SIMD Vec factors_of(GroupFloats<8> floats, int part) {
  const int a = 2 * part;
  const int b = a + 1;
  return _mm512_permutexvar_ps(_mm512_setr_epi32(a, a, a, a, a, a, a, a, b, b, b, b, b, b, b, b),
                               _mm512_castps256_ps512(floats.all));
}
BLUE_SIMD Vec factors_of(GroupFloats<16> floats, int part) {
  const int a = 4 * part;
  return _mm512_permutexvar_ps(_mm512_setr_epi32(a, a, a, a, a + 1, a + 1, a + 1, a + 1, a + 2,
                                                 a + 2, a + 2, a + 2, a + 3, a + 3, a + 3, a + 3),
                               floats.all);
}

#else

template <>
struct GroupFloats<16> {
  __m256 first, last;

  static BLUE_SIMD GroupFloats zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static BLUE_SIMD GroupFloats load(const float* from) {
    return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)};
  }
  /// Eight floats, each twice.
  static BLUE_SIMD GroupFloats load_twice(const float* from) {
    const __m256 eight = _mm256_loadu_ps(from);
    return {_mm256_permutevar8x32_ps(eight, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3)),
            _mm256_permutevar8x32_ps(eight, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7))};
  }
  BLUE_SIMD void store(float* to) const {
    _mm256_storeu_ps(to, first);
    _mm256_storeu_ps(to + 8, last);
  }
  BLUE_SIMD GroupFloats times(GroupFloats other) const {
    return {_mm256_mul_ps(first, other.first), _mm256_mul_ps(last, other.last)};
  }
  BLUE_SIMD GroupFloats plus(GroupFloats a, GroupFloats b) const {
    return {_mm256_fmadd_ps(a.first, b.first, first), _mm256_fmadd_ps(a.last, b.last, last)};
  }
  [[nodiscard]] BLUE_SIMD __m256 folded() const { return _mm256_add_ps(first, last); }
};

BLUE_SIMD __m256 scaled_half(float unit, __m128i bytes) {
  return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)), _mm256_set1_ps(unit));
}

/// unit · bytes[i], for 16 signed bytes.
BLUE_SIMD GroupFloats<16> scaled_sixteen(float unit, __m128i bytes) {
  return {scaled_half(unit, bytes), scaled_half(unit, _mm_srli_si128(bytes, 8))};
}

/// What the sums over the `part`-th 32 values, four of them to a lane, are multiplied with.
BLUE_SIMD Vec factors_of(GroupFloats<8> floats, int part) {
  return _mm256_permutevar8x32_ps(floats.all, _mm256_set1_epi32(part));
}
BLUE_SIMD Vec factors_of(GroupFloats<16> floats, int part) {
  const int a = 2 * part % 8;
  const __m256i lanes = _mm256_setr_epi32(a, a, a, a, a + 1, a + 1, a + 1, a + 1);
  return _mm256_permutevar8x32_ps(part < 4 ? floats.first : floats.last, lanes);
}

#endif

/// unit · bytes[i], for eight signed bytes.
BLUE_SIMD GroupFloats<8> scaled_eight(float unit, __m128i bytes) {
  return {_mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)), _mm256_set1_ps(unit))};
}

}  // namespace
}  // namespace blue::kernels::cpu
