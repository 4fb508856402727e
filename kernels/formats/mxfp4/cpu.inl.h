// MXFP4 in vectors: nibbles looked up in the table of doubled values.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_layout.inl.h"
#include "kernels/formats/mxfp4/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ByteBlock<formats::mxfp4::Traits> {
 public:
  static constexpr int kGroup = formats::mxfp4::Traits::kGroup;
  static constexpr ByteKind kKind = ByteKind::with_sign;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit ByteBlock(const formats::mxfp4::Block* block)
      : block_(block), scale_(formats::mxfp4::half_scale(*block)) {}
  BLUE_SIMD __m256i bytes(int) const {
    return table_entries(formats::mxfp4::kFirstValues, formats::mxfp4::kLastValues,
                         nibbles_of_halves(block_->codes));
  }
  BLUE_SIMD const float* scales() const { return &scale_; }

 private:
  const formats::mxfp4::Block* block_;
  float scale_;
};

}  // namespace
}  // namespace blue::kernels::cpu
