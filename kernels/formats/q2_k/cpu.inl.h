// Q2_K in vectors: bit pairs, and the nibbles of the scales and mins.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_layout.inl.h"
#include "kernels/formats/q2_k/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ByteBlock<formats::q2_k::Traits> {
 public:
  static constexpr int kGroup = formats::q2_k::Traits::kGroup;
  static constexpr ByteKind kKind = ByteKind::unsigned_low;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit ByteBlock(const formats::q2_k::Block* block) : block_(block) {
    const __m128i packed = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block->packed));
    const __m128i low = _mm_and_si128(packed, _mm_set1_epi8(15));
    const __m128i high = _mm_and_si128(_mm_srli_epi16(packed, 4), _mm_set1_epi8(15));
    const float scale = _cvtsh_ss(block->scale_f16);
    const float min = _cvtsh_ss(block->min_f16);
    store_scaled(scales_, scale, low);
    store_scaled(scales_ + 8, scale, _mm_srli_si128(low, 8));
    store_scaled(mins_, min, high);
    store_scaled(mins_ + 8, min, _mm_srli_si128(high, 8));
  }
  BLUE_SIMD __m256i bytes(int g) const {
    return bits_at<2>(load_32_bytes(block_->quants + g / 4 * 32), g % 4 * 2);
  }
  BLUE_SIMD const float* scales() const { return scales_; }
  BLUE_SIMD const float* mins() const { return mins_; }

 private:
  const formats::q2_k::Block* block_;
  alignas(32) float scales_[16];
  alignas(32) float mins_[16];
};

}  // namespace
}  // namespace blue::kernels::cpu
