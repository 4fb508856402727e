// Q2_K in vectors: bit pairs, and the nibbles of the scales and mins. Include only from translation
// units with an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q2_k/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::q2_k::Traits> {
 public:
  static constexpr int kGroup = formats::q2_k::Traits::kGroup;
  static constexpr int kOffset = kNoOffset;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit BlockI8(const formats::q2_k::QuantBlock* block)
      : block_(block), packed_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(block->packed))) {}
  BLUE_SIMD __m256i shifted(int g) const {
    return bits_at<2>(load_32_bytes(block_->quants + g / 4 * 32), g % 4 * 2);
  }
#if defined(__AVX512F__)
  BLUE_SIMD __m512i shifted_pair(int pair) const {
    return bits_at<2>(twice(block_->quants + pair / 2 * 32), pair % 2 * 4, pair % 2 * 4 + 2);
  }
#endif
  BLUE_SIMD GroupFloats<16> scales() const {
    return scaled_sixteen(_cvtsh_ss(block_->scale_f16), _mm_and_si128(packed_, _mm_set1_epi8(15)));
  }
  BLUE_SIMD GroupFloats<16> mins() const {
    return scaled_sixteen(_cvtsh_ss(block_->min_f16),
                          _mm_and_si128(_mm_srli_epi16(packed_, 4), _mm_set1_epi8(15)));
  }

 private:
  const formats::q2_k::QuantBlock* block_;
  __m128i packed_;
};

}  // namespace
}  // namespace blue::kernels::cpu
