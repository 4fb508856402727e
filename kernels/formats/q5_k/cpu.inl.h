// Q5_K in vectors: nibbles under the bits of their group.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_layout.inl.h"
#include "kernels/formats/q5_k/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ByteBlock<formats::q5_k::Traits> {
 public:
  static constexpr int kGroup = formats::q5_k::Traits::kGroup;
  static constexpr ByteKind kKind = ByteKind::unsigned_low;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit ByteBlock(const formats::q5_k::Block* block) : block_(block) {
    store_pairs(block->packed, _cvtsh_ss(block->scale_f16), _cvtsh_ss(block->min_f16), scales_, mins_);
  }
  BLUE_SIMD __m256i bytes(int g) const {
    const __m256i low = bits_at<4>(load_32_bytes(block_->low_nibbles + g / 2 * 32), g % 2 * 4);
    const __m256i upper = bits_at<1>(load_32_bytes(block_->fifth_bits), g);
    return _mm256_or_si256(low, _mm256_slli_epi16(upper, 4));
  }
  BLUE_SIMD const float* scales() const { return scales_; }
  BLUE_SIMD const float* mins() const { return mins_; }

 private:
  const formats::q5_k::Block* block_;
  alignas(32) float scales_[8];
  alignas(32) float mins_[8];
};

}  // namespace
}  // namespace blue::kernels::cpu
