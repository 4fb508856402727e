// IQ4_NL in vectors: nibbles looked up in the table of steps.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_layout.inl.h"
#include "kernels/formats/iq4_nl/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ByteBlock<formats::iq4_nl::Traits> {
 public:
  static constexpr int kGroup = formats::iq4_nl::Traits::kGroup;
  static constexpr ByteKind kKind = ByteKind::with_sign;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit ByteBlock(const formats::iq4_nl::Block* block)
      : block_(block), scale_(_cvtsh_ss(block->scale_f16)) {}
  BLUE_SIMD __m256i bytes(int) const {
    return table_entries(formats::kFirstSteps, formats::kLastSteps, nibbles_of_halves(block_->codes));
  }
  BLUE_SIMD const float* scales() const { return &scale_; }

 private:
  const formats::iq4_nl::Block* block_;
  float scale_;
};

}  // namespace
}  // namespace blue::kernels::cpu
