// Q6_K in vectors: nibbles and bit pairs put together, 32 values at a time. Include only from
// translation units with an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q6_k/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::q6_k::Traits> {
 public:
  static constexpr int kGroup = formats::q6_k::kGroupValues;
  static constexpr int kOffset = 32;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit BlockI8(const formats::q6_k::QuantBlock* block) : block_(block) {}
  /// Each half of the block has 64 bytes of nibbles for four times 32 values, and 32 bytes of bit
  /// pairs.
  BLUE_SIMD __m256i shifted(int g) const {
    const __m256i nibbles = load_32_bytes(block_->low_nibbles + g / 4 * 64 + g % 2 * 32);
    const __m256i pairs = load_32_bytes(block_->upper_bits + g / 4 * 32);
    const __m256i low =
        _mm256_and_si256(_mm256_srli_epi16(nibbles, g / 2 % 2 * 4), _mm256_set1_epi8(15));
    const __m256i upper =
        _mm256_and_si256(_mm256_srli_epi16(pairs, g % 4 * 2), _mm256_set1_epi8(3));
    return _mm256_or_si256(low, _mm256_slli_epi16(upper, 4));
  }
#if defined(__AVX512F__)
  BLUE_SIMD __m512i shifted_pair(int pair) const {
    const int shift = pair % 2 * 4;
    const __m512i low =
        bits_at<4>(_mm512_loadu_si512(block_->low_nibbles + pair / 2 * 64), shift, shift);
    return with_bits<2, 4>(low, twice(block_->upper_bits + pair / 2 * 32), shift, shift + 2);
  }
#endif
  BLUE_SIMD GroupFloats<16> scales() const {
    return scaled_sixteen(_cvtsh_ss(block_->scale_f16),
                          _mm_loadu_si128(reinterpret_cast<const __m128i*>(block_->group_scales)));
  }

 private:
  const formats::q6_k::QuantBlock* block_;
};

}  // namespace
}  // namespace blue::kernels::cpu
