// Q8_0 in vectors: the bytes are what they are. Include only from translation units with an
// instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q8_0/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::q8_0::Traits> {
 public:
  static constexpr int kGroup = 32;
  static constexpr int kOffset = kSignOffset;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit BlockI8(const formats::q8_0::QuantBlock* block)
      : quants_(block->quants), scale_(_cvtsh_ss(block->scale_f16)) {}
  BLUE_SIMD __m256i bytes(int) const { return load_32_bytes(quants_); }
  BLUE_SIMD __m256i shifted(int) const { return flip_sign_bit(load_32_bytes(quants_)); }
  BLUE_SIMD float scale(int) const { return scale_; }
  static BLUE_SIMD GroupFloats<8> strided_scales(const formats::q8_0::QuantBlock* blocks) {
    return strided_halves(&blocks->scale_f16, sizeof *blocks);
  }

 private:
  const std::int8_t* quants_;
  float scale_;
};

}  // namespace
}  // namespace blue::kernels::cpu
