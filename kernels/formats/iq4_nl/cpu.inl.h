// IQ4_NL in vectors: nibbles looked up in the table of steps. Include only from translation units
// with an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/iq4_nl/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::iq4_nl::Traits> {
 public:
  static constexpr int kGroup = formats::iq4_nl::Traits::kGroup;
  static constexpr int kOffset = kSignOffset;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit BlockI8(const formats::iq4_nl::QuantBlock* block)
      : block_(block), scale_(_cvtsh_ss(block->scale_f16)) {}
  BLUE_SIMD __m256i bytes(int) const {
    return table_entries(formats::kFirstSteps, formats::kLastSteps,
                         nibbles_of_halves(block_->codes));
  }
  BLUE_SIMD __m256i shifted(int) const {
    return table_entries(formats::kFirstSteps ^ kSignBits, formats::kLastSteps ^ kSignBits,
                         nibbles_of_halves(block_->codes));
  }
  BLUE_SIMD float scale(int) const { return scale_; }
  static BLUE_SIMD GroupFloats<8> strided_scales(const formats::iq4_nl::QuantBlock* blocks) {
    return strided_halves(&blocks->scale_f16, sizeof *blocks);
  }

 private:
  const formats::iq4_nl::QuantBlock* block_;
  float scale_;
};

}  // namespace
}  // namespace blue::kernels::cpu
