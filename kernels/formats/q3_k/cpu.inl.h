// Q3_K in vectors: bit pairs under the bits of their 32 values. Include only from translation units
// with an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q3_k/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::q3_k::Traits> {
 public:
  static constexpr int kGroup = formats::q3_k::Traits::kGroup;
  static constexpr int kOffset = 4;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit BlockI8(const formats::q3_k::QuantBlock* block) : block_(block) {}
  BLUE_SIMD __m256i shifted(int g) const {
    const __m256i lower = bits_at<2>(load_32_bytes(block_->lower_bits + g / 4 * 32), g % 4 * 2);
    const __m256i upper = bits_at<1>(load_32_bytes(block_->upper_bits), g);
    return _mm256_or_si256(lower, _mm256_slli_epi16(upper, 2));
  }
#if defined(__AVX512F__)
  BLUE_SIMD __m512i shifted_pair(int pair) const {
    const int shift = pair % 2 * 4;
    const __m512i lower = bits_at<2>(twice(block_->lower_bits + pair / 2 * 32), shift, shift + 2);
    return with_bits<1, 2>(lower, twice(block_->upper_bits), 2 * pair, 2 * pair + 1);
  }
#endif
  BLUE_SIMD GroupFloats<16> scales() const {
    std::uint64_t low;
    std::uint32_t pairs;
    __builtin_memcpy(&low, block_->packed, sizeof low);
    __builtin_memcpy(&pairs, block_->packed + 8, sizeof pairs);
    constexpr std::uint64_t kNibbles = 0x0f0f0f0f0f0f0f0f;
    const __m128i nibbles = _mm_set_epi64x(static_cast<long long>(low >> 4 & kNibbles),
                                           static_cast<long long>(low & kNibbles));
    const __m128i shifts = _mm_setr_epi32(0, 2, 4, 6);
    const __m128i upper = _mm_and_si128(
        _mm_srlv_epi32(_mm_set1_epi32(static_cast<int>(pairs)), shifts), _mm_set1_epi8(3));
    const __m128i number = _mm_or_si128(nibbles, _mm_slli_epi16(upper, 4));
    return scaled_sixteen(_cvtsh_ss(block_->scale_f16), _mm_sub_epi8(number, _mm_set1_epi8(32)));
  }

 private:
  const formats::q3_k::QuantBlock* block_;
};

}  // namespace
}  // namespace blue::kernels::cpu
