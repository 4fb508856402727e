// The layouts of kernels/formats/bit_layout.h in vectors, for the block readers of formats that share them.
// Include only from translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

/// 32 nibbles of 16 bytes: the low ones, then the high ones.
BLUE_SIMD __m256i nibbles_of_halves(const std::uint8_t* from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes), _mm256_set1_epi8(15));
}

/// `kWidth` bits from bit `shift` on of each byte.
template <int kWidth>
BLUE_SIMD __m256i bits_at(__m256i bytes, int shift) {
  return _mm256_and_si256(_mm256_srli_epi16(bytes, shift), _mm256_set1_epi8((1 << kWidth) - 1));
}

/// Byte i is `value` where bit i of the four bytes is set, else 0.
BLUE_SIMD __m256i spread_bits(const std::uint8_t* from, std::int8_t value) {
  std::int32_t bits;
  __builtin_memcpy(&bits, from, sizeof bits);
  const __m256i byte_of = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bit_of_byte = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ULL));
  const __m256i found = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(bits), byte_of), bit_of_byte);
  return _mm256_and_si256(_mm256_cmpeq_epi8(found, bit_of_byte), _mm256_set1_epi8(value));
}

/// Entries of a table of 16 signed bytes, which stands in two words as in formats::table_entry().
BLUE_SIMD __m256i table_entries(std::uint64_t first_eight, std::uint64_t last_eight, __m256i codes) {
  const __m128i table =
      _mm_set_epi64x(static_cast<long long>(last_eight), static_cast<long long>(first_eight));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), codes);
}

/// unit · bytes[i] for eight signed bytes.
BLUE_SIMD void store_scaled(float* to, float unit, __m128i bytes) {
  const __m256 factors = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
  _mm256_storeu_ps(to, _mm256_mul_ps(factors, _mm256_set1_ps(unit)));
}

BLUE_SIMD __m128i eight_bytes(std::uint32_t first_four, std::uint32_t last_four) {
  return _mm_cvtsi64_si128(static_cast<long long>(std::uint64_t{last_four} << 32 | first_four));
}

/// Eight 6-bit pairs in 12 bytes (formats::first_of_pair(), second_of_pair()), each number times its unit; four bytes at a time.
BLUE_SIMD void store_pairs(const std::uint8_t* packed, float scale, float min, float* scales, float* mins) {
  std::uint32_t words[3];
  __builtin_memcpy(words, packed, sizeof words);
  constexpr std::uint32_t kLowSix = 0x3f3f3f3f;
  constexpr std::uint32_t kLowFour = 0x0f0f0f0f;
  constexpr std::uint32_t kUpperTwo = 0x30303030;
  const std::uint32_t upper_scales = (words[2] & kLowFour) | (words[0] >> 2 & kUpperTwo);
  const std::uint32_t upper_mins = (words[2] >> 4 & kLowFour) | (words[1] >> 2 & kUpperTwo);
  store_scaled(scales, scale, eight_bytes(words[0] & kLowSix, upper_scales));
  store_scaled(mins, min, eight_bytes(words[1] & kLowSix, upper_mins));
}

}  // namespace
}  // namespace blue::kernels::cpu
