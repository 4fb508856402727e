// Q4_1 in vectors: the nibbles of a block side by side.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_layout.inl.h"
#include "kernels/formats/q4_1/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ByteBlock<formats::q4_1::Traits> {
 public:
  static constexpr int kGroup = formats::q4_1::Traits::kGroup;
  static constexpr ByteKind kKind = ByteKind::unsigned_low;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit ByteBlock(const formats::q4_1::Block* block)
      : block_(block), scale_(_cvtsh_ss(block->scale_f16)), min_(-_cvtsh_ss(block->offset_f16)) {}
  BLUE_SIMD __m256i bytes(int) const { return nibbles_of_halves(block_->quants); }
  BLUE_SIMD const float* scales() const { return &scale_; }
  BLUE_SIMD const float* mins() const { return &min_; }

 private:
  const formats::q4_1::Block* block_;
  float scale_;
  float min_;
};

}  // namespace
}  // namespace blue::kernels::cpu
