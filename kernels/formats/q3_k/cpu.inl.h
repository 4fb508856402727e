// Q3_K in vectors: bit pairs under the bits of their 32 values.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_layout.inl.h"
#include "kernels/formats/q3_k/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ByteBlock<formats::q3_k::Traits> {
 public:
  static constexpr int kGroup = formats::q3_k::Traits::kGroup;
  static constexpr ByteKind kKind = ByteKind::with_sign;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit ByteBlock(const formats::q3_k::Block* block) : block_(block) {
    BLUE_UNROLL
    for (int g = 0; g < 16; ++g) scales_[g] = formats::q3_k::group_scale(*block, g);
  }
  BLUE_SIMD __m256i bytes(int g) const {
    const __m256i lower = bits_at<2>(load_32_bytes(block_->lower_bits + g / 4 * 32), g % 4 * 2);
    const __m256i upper = bits_at<1>(load_32_bytes(block_->upper_bits), g);
    return _mm256_sub_epi8(_mm256_or_si256(lower, _mm256_slli_epi16(upper, 2)), _mm256_set1_epi8(4));
  }
  BLUE_SIMD const float* scales() const { return scales_; }

 private:
  const formats::q3_k::Block* block_;
  alignas(32) float scales_[16];
};

}  // namespace
}  // namespace blue::kernels::cpu
