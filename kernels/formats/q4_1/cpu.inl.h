// Q4_1 in vectors: the nibbles of a block side by side. Include only from translation units with an
// instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q4_1/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::q4_1::Traits> {
 public:
  static constexpr int kGroup = formats::q4_1::Traits::kGroup;
  static constexpr int kOffset = kNoOffset;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit BlockI8(const formats::q4_1::QuantBlock* block)
      : block_(block), scale_(_cvtsh_ss(block->scale_f16)), min_(-_cvtsh_ss(block->offset_f16)) {}
  BLUE_SIMD __m256i shifted(int) const { return nibbles_of_halves(block_->quants); }
  BLUE_SIMD float scale(int) const { return scale_; }
  static BLUE_SIMD GroupFloats<8> strided_scales(const formats::q4_1::QuantBlock* blocks) {
    return strided_halves(&blocks->scale_f16, sizeof *blocks);
  }
  BLUE_SIMD float min(int) const { return min_; }
  static BLUE_SIMD GroupFloats<8> strided_mins(const formats::q4_1::QuantBlock* blocks) {
    const __m256 offsets = strided_halves(&blocks->offset_f16, sizeof *blocks).all;
    return {_mm256_xor_ps(offsets, _mm256_set1_ps(-0.0F))};
  }

 private:
  const formats::q4_1::QuantBlock* block_;
  float scale_;
  float min_;
};

}  // namespace
}  // namespace blue::kernels::cpu
