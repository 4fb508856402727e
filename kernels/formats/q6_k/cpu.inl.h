// Q6_K in vectors: nibbles and bit pairs put together, 32 values at a time.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/formats/q6_k/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ByteBlock<formats::q6_k::Traits> {
 public:
  static constexpr int kGroup = formats::q6_k::kGroupValues;
  static constexpr ByteKind kKind = ByteKind::with_sign;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit ByteBlock(const formats::q6_k::Block* block) : block_(block) {
    const __m256 unit = _mm256_set1_ps(_cvtsh_ss(block->scale_f16));
    BLUE_UNROLL
    for (int i = 0; i < formats::q6_k::kGroups; i += 8) {
      const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(block->group_scales + i));
      _mm256_store_ps(scales_ + i, _mm256_mul_ps(unit, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes))));
    }
  }
  /// Each half of the block has 64 bytes of nibbles for four times 32 values, and 32 bytes of bit pairs.
  BLUE_SIMD __m256i bytes(int g) const {
    const __m256i nibbles = load_32_bytes(block_->low_nibbles + g / 4 * 64 + g % 2 * 32);
    const __m256i pairs = load_32_bytes(block_->upper_bits + g / 4 * 32);
    const __m256i low = _mm256_and_si256(_mm256_srli_epi16(nibbles, g / 2 % 2 * 4), _mm256_set1_epi8(15));
    const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(pairs, g % 4 * 2), _mm256_set1_epi8(3));
    return _mm256_sub_epi8(_mm256_or_si256(low, _mm256_slli_epi16(upper, 4)), _mm256_set1_epi8(32));
  }
  BLUE_SIMD const float* scales() const { return scales_; }

 private:
  const formats::q6_k::Block* block_;
  alignas(32) float scales_[formats::q6_k::kGroups];
};

}  // namespace
}  // namespace blue::kernels::cpu
