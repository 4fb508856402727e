// Q5_0 in vectors: nibbles side by side under bits spread to bytes. Include only from translation
// units with an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q5_0/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::q5_0::Traits> {
 public:
  static constexpr int kGroup = formats::q5_0::Traits::kGroup;
  static constexpr int kOffset = 16;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit BlockI8(const formats::q5_0::QuantBlock* block)
      : block_(block), scale_(_cvtsh_ss(block->scale_f16)) {}
  BLUE_SIMD __m256i shifted(int) const {
    return _mm256_or_si256(nibbles_of_halves(block_->low_nibbles),
                           spread_bits(block_->fifth_bits, 16));
  }
  BLUE_SIMD float scale(int) const { return scale_; }
  static BLUE_SIMD GroupFloats<8> strided_scales(const formats::q5_0::QuantBlock* blocks) {
    return strided_halves(&blocks->scale_f16, sizeof *blocks);
  }

 private:
  const formats::q5_0::QuantBlock* block_;
  float scale_;
};

}  // namespace
}  // namespace blue::kernels::cpu
