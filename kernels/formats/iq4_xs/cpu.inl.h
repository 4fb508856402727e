// IQ4_XS in vectors: nibbles looked up in the table of steps.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_layout.inl.h"
#include "kernels/formats/iq4_xs/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ByteBlock<formats::iq4_xs::Traits> {
 public:
  static constexpr int kGroup = formats::iq4_xs::Traits::kGroup;
  static constexpr ByteKind kKind = ByteKind::with_sign;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit ByteBlock(const formats::iq4_xs::Block* block) : block_(block) {
    for (int g = 0; g < 8; ++g) scales_[g] = formats::iq4_xs::group_scale(*block, g);
  }
  BLUE_SIMD __m256i bytes(int g) const {
    return table_entries(formats::kFirstSteps, formats::kLastSteps,
                         nibbles_of_halves(block_->codes + 16 * g));
  }
  BLUE_SIMD const float* scales() const { return scales_; }

 private:
  const formats::iq4_xs::Block* block_;
  alignas(32) float scales_[8];
};

}  // namespace
}  // namespace blue::kernels::cpu
