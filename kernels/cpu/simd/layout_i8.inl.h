// The layouts of kernels/formats/bit_layout.h in vectors, for the block readers of formats that
// share them. Include only from translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/group_floats.inl.h"

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
  const __m256i byte_of =
      _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bit_of_byte = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ULL));
  const __m256i found =
      _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(bits), byte_of), bit_of_byte);
  return _mm256_and_si256(_mm256_cmpeq_epi8(found, bit_of_byte), _mm256_set1_epi8(value));
}

#if defined(__AVX512F__)

/// The same 32 bytes in both halves.
BLUE_SIMD __m512i twice(const std::uint8_t* from) {
  return _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

/// `first` in the lower half's words of 64 bits, `second` in the upper one's.
BLUE_SIMD __m512i per_half(int first, int second) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_set1_epi64x(first)),
                            _mm256_set1_epi64x(second), 1);
}

/// bits_at() with another shift in each half.
template <int kWidth>
BLUE_SIMD __m512i bits_at(__m512i bytes, int first_shift, int second_shift) {
  return _mm512_and_si512(_mm512_srlv_epi64(bytes, per_half(first_shift, second_shift)),
                          _mm512_set1_epi8((1 << kWidth) - 1));
}

/// `low` with `kWidth` bits from bit kTo on, found in `bytes` from bit `first` on in the lower
/// half, `second` in the upper.
template <int kWidth, int kTo>
BLUE_SIMD __m512i with_bits(__m512i low, __m512i bytes, int first, int second) {
  constexpr int kLowOrMasked = 0xf8;  // a | (b & c)
  const __m512i moved = _mm512_rorv_epi64(bytes, per_half((first - kTo) & 63, (second - kTo) & 63));
  const __m512i mask = _mm512_set1_epi8(static_cast<char>(((1 << kWidth) - 1) << kTo));
  return _mm512_ternarylogic_epi64(low, moved, mask, kLowOrMasked);
}

/// nibbles_of_halves() of 16 bytes and of the next 16.
BLUE_SIMD __m512i nibbles_of_four_halves(const std::uint8_t* from) {
  const __m512i each_twice =
      _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 1, 0, 1, 2, 3, 2, 3), twice(from));
  return _mm512_and_si512(_mm512_srlv_epi64(each_twice, _mm512_setr_epi64(0, 0, 4, 4, 0, 0, 4, 4)),
                          _mm512_set1_epi8(15));
}

#endif

constexpr std::uint64_t kSignBits =
    0x8080808080808080;  ///< turn a table of signed bytes into one of bytes 128 higher

/// Entries of a table of 16 bytes, stored in two words as in formats::table_entry().
BLUE_SIMD __m256i table_entries(std::uint64_t first_eight, std::uint64_t last_eight,
                                __m256i codes) {
  const __m128i table =
      _mm_set_epi64x(static_cast<long long>(last_eight), static_cast<long long>(first_eight));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), codes);
}

#if defined(__AVX512F__)
BLUE_SIMD __m512i table_entries(std::uint64_t first_eight, std::uint64_t last_eight,
                                __m512i codes) {
  const __m128i table =
      _mm_set_epi64x(static_cast<long long>(last_eight), static_cast<long long>(first_eight));
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), codes);
}
#endif

BLUE_SIMD __m128i eight_bytes(std::uint32_t first_four, std::uint32_t last_four) {
  return _mm_cvtsi64_si128(static_cast<long long>(std::uint64_t{last_four} << 32 | first_four));
}

/// The scales and mins of eight groups.
struct Pairs {
  GroupFloats<8> scales;
  GroupFloats<8> mins;
};

/// Eight 6-bit pairs in 12 bytes (formats::first_of_pair(), second_of_pair()), each number times
/// its unit; four bytes at a time.
BLUE_SIMD Pairs unpack_pairs(const std::uint8_t* packed, float scale, float min) {
  std::uint32_t words[3];
  __builtin_memcpy(words, packed, sizeof words);
  constexpr std::uint32_t kLowSix = 0x3f3f3f3f;
  constexpr std::uint32_t kLowFour = 0x0f0f0f0f;
  constexpr std::uint32_t kUpperTwo = 0x30303030;
  const std::uint32_t upper_scales = (words[2] & kLowFour) | (words[0] >> 2 & kUpperTwo);
  const std::uint32_t upper_mins = (words[2] >> 4 & kLowFour) | (words[1] >> 2 & kUpperTwo);
  return {scaled_eight(scale, eight_bytes(words[0] & kLowSix, upper_scales)),
          scaled_eight(min, eight_bytes(words[1] & kLowSix, upper_mins))};
}

/// Eight binary16 numbers that are `stride` bytes apart, as floats.
BLUE_SIMD GroupFloats<8> strided_halves(const void* first, std::size_t stride) {
  std::uint16_t halves[8];
  BLUE_UNROLL
  for (std::size_t i = 0; i < 8; ++i)
    __builtin_memcpy(halves + i, static_cast<const char*>(first) + i * stride, sizeof halves[i]);
  const auto at = [&](int i) BLUE_SIMD_LAMBDA { return static_cast<short>(halves[i]); };
  return {_mm256_cvtph_ps(_mm_setr_epi16(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)))};
}

}  // namespace
}  // namespace blue::kernels::cpu
