// Q5_0 in vectors: nibbles side by side under bits spread to bytes.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_layout.inl.h"
#include "kernels/formats/q5_0/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ByteBlock<formats::q5_0::Traits> {
 public:
  static constexpr int kGroup = formats::q5_0::Traits::kGroup;
  static constexpr ByteKind kKind = ByteKind::with_sign;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit ByteBlock(const formats::q5_0::Block* block)
      : block_(block), scale_(_cvtsh_ss(block->scale_f16)) {}
  BLUE_SIMD __m256i bytes(int) const {
    const __m256i upper = spread_bits(block_->fifth_bits, 16);
    const __m256i quants = _mm256_or_si256(nibbles_of_halves(block_->low_nibbles), upper);
    return _mm256_sub_epi8(quants, _mm256_set1_epi8(16));
  }
  BLUE_SIMD const float* scales() const { return &scale_; }

 private:
  const formats::q5_0::Block* block_;
  float scale_;
};

}  // namespace
}  // namespace blue::kernels::cpu
