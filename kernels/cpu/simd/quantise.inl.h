// quantise in vectors of 32 bytes; contract at OpKernels::quantise. Include only from *_avx2.cpp
// and *_avx512.cpp.
#pragma once

#include "kernels/cpu/q8_rows.h"
#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

BLUE_SIMD float largest_magnitude(const __m256 (&x)[4]) {
  const __m256 sign = _mm256_set1_ps(-0.0F);
  const __m256 first = _mm256_max_ps(_mm256_andnot_ps(sign, x[0]), _mm256_andnot_ps(sign, x[1]));
  const __m256 second = _mm256_max_ps(_mm256_andnot_ps(sign, x[2]), _mm256_andnot_ps(sign, x[3]));
  const __m256 both = _mm256_max_ps(first, second);
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1));
  four = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(four, _mm_movehdup_ps(four)));
}

/// 32 values, rounded to the nearest after multiplication, in order.
BLUE_SIMD __m256i round_to_q8(const __m256 (&x)[4], float factor) {
  const __m256 all = _mm256_set1_ps(factor);
  __m256i ints[4];
  BLUE_UNROLL
  for (int i = 0; i < 4; ++i) ints[i] = _mm256_cvtps_epi32(_mm256_mul_ps(x[i], all));
  const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(ints[0], ints[1]),
                                           _mm256_packs_epi32(ints[2], ints[3]));
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/// Sums of the lower and of the upper 16 bytes.
BLUE_SIMD void sum_halves(__m256i bytes, std::int32_t (&sums)[2]) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
  __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  fours = _mm256_add_epi32(fours, _mm256_shuffle_epi32(fours, 0x4e));
  fours = _mm256_add_epi32(fours, _mm256_shuffle_epi32(fours, 0xb1));
  sums[0] = _mm256_cvtsi256_si32(fours);
  sums[1] = _mm_cvtsi128_si32(_mm256_extracti128_si256(fours, 1));
}

void quantise_row(const float* in, std::byte* to, std::uint64_t cols) {
  constexpr float kLargest = 127.0F;
  constexpr float kTiny = 1e-30F;  // below it a group counts as zero: its factor would overflow
  const Q8Row row = Q8Row::at(to, cols);
  for (std::uint64_t g = 0; g < cols / kQ8Group; ++g) {
    const float* from = in + g * kQ8Group;
    const __m256 x[4] = {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8),
                         _mm256_loadu_ps(from + 16), _mm256_loadu_ps(from + 24)};
    const float largest = largest_magnitude(x);
    const float scale = largest / kLargest;
    const __m256i bytes = round_to_q8(x, largest > kTiny ? kLargest / largest : 0.0F);
    std::int32_t sums[2];
    sum_halves(bytes, sums);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(row.values + g * kQ8Group), bytes);
    row.scales[g] = scale;
    row.sums[g] = scale * static_cast<float>(sums[0] + sums[1]);
    row.biases[g] = -128 * (sums[0] + sums[1]);
    for (std::uint64_t h = 0; h < 2; ++h) {
      row.half_sums[2 * g + h] = scale * static_cast<float>(sums[h]);
      row.half_biases[2 * g + h] = -128 * sums[h];
    }
  }
}

void quantise(const float* in, std::byte* rows, std::uint64_t begin, std::uint64_t end,
              std::uint64_t cols) {
  for (std::uint64_t row = begin; row < end; ++row)
    quantise_row(in + row * cols, rows + row * q8_row_stride(cols), cols);
}

}  // namespace
}  // namespace blue::kernels::cpu
