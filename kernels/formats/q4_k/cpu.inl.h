// Q4_K in vectors: split the nibbles, one fused step per vector; both products are exact, so fusing changes nothing.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/chunk_decoder.inl.h"
#include "kernels/formats/q4_k/block.h"

namespace blue::kernels::cpu {
namespace {

BLUE_SIMD void store_group_factors(float* to, std::uint16_t unit_f16, std::uint32_t first_four,
                                   std::uint32_t last_four) {
  const auto bytes = static_cast<long long>(std::uint64_t{last_four} << 32 | first_four);
  const __m256 factors = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(bytes)));
  _mm256_storeu_ps(to, _mm256_mul_ps(factors, _mm256_set1_ps(_cvtsh_ss(unit_f16))));
}

/// Scales and mins of the eight groups. Unpacks the 6-bit pairs four bytes at a time; group_scale() and group_min() say
/// what lies where.
BLUE_SIMD void load_group_factors(const formats::q4_k::Block& block, float* scales, float* mins) {
  std::uint32_t words[3];
  __builtin_memcpy(words, block.packed, sizeof words);
  constexpr std::uint32_t kLowSix = 0x3f3f3f3f;
  constexpr std::uint32_t kLowFour = 0x0f0f0f0f;
  constexpr std::uint32_t kUpperTwo = 0x30303030;
  const std::uint32_t upper_scales = (words[2] & kLowFour) | (words[0] >> 2 & kUpperTwo);
  const std::uint32_t upper_mins = (words[2] >> 4 & kLowFour) | (words[1] >> 2 & kUpperTwo);
  store_group_factors(scales, block.scale_f16, words[0] & kLowSix, upper_scales);
  store_group_factors(mins, block.min_f16, words[1] & kLowSix, upper_mins);
}

template <>
class ChunkDecoder<formats::q4_k::Traits> {
 public:
  static constexpr int kValues = formats::q4_k::Traits::kValues;

  BLUE_SIMD explicit ChunkDecoder(const formats::q4_k::Block* block) : quants_(block->quants) {
    load_group_factors(*block, scales_, mins_);
  }

  BLUE_SIMD Vec at(int i) const {
    const int group = i / formats::q4_k::kGroupValues;
    const std::uint8_t* bytes =
        quants_ + group / 2 * formats::q4_k::kGroupValues + i % formats::q4_k::kGroupValues;
    const Vec quants = group % 2 == 0 ? load_low_nibbles(bytes) : load_high_nibbles(bytes);
    return mul_sub(quants, all(scales_[group]), all(mins_[group]));
  }

 private:
  const std::uint8_t* quants_;
  float scales_[formats::q4_k::kGroups];
  float mins_[formats::q4_k::kGroups];
};

template <>
class ByteBlock<formats::q4_k::Traits> {
 public:
  static constexpr int kGroup = formats::q4_k::kGroupValues;
  static constexpr ByteKind kKind = ByteKind::unsigned_low;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit ByteBlock(const formats::q4_k::Block* block) : quants_(block->quants) {
    load_group_factors(*block, scales_, mins_);
  }
  BLUE_SIMD __m256i bytes(int g) const {
    const __m256i pair = load_32_bytes(quants_ + g / 2 * kGroup);
    return _mm256_and_si256(g % 2 == 0 ? pair : _mm256_srli_epi16(pair, 4), _mm256_set1_epi8(15));
  }
  BLUE_SIMD const float* scales() const { return scales_; }
  BLUE_SIMD const float* mins() const { return mins_; }

 private:
  const std::uint8_t* quants_;
  alignas(32) float scales_[formats::q4_k::kGroups];
  alignas(32) float mins_[formats::q4_k::kGroups];
};

}  // namespace
}  // namespace blue::kernels::cpu
