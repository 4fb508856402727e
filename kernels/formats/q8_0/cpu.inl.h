// Q8_0 in vectors: widen the bytes, multiply by the scale.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/chunk_decoder.inl.h"
#include "kernels/formats/q8_0/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ChunkDecoder<formats::q8_0::Traits> {
 public:
  static constexpr int kValues = 32;

  BLUE_SIMD explicit ChunkDecoder(const formats::q8_0::Block* block)
      : quants_(block->quants), scale_(all(_cvtsh_ss(block->scale_f16))) {}
  BLUE_SIMD Vec at(int i) const { return mul(load_signed_bytes(quants_ + i), scale_); }

 private:
  const std::int8_t* quants_;
  Vec scale_;
};

template <>
class ByteBlock<formats::q8_0::Traits> {
 public:
  static constexpr int kGroup = 32;
  static constexpr ByteKind kKind = ByteKind::with_sign;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit ByteBlock(const formats::q8_0::Block* block)
      : quants_(block->quants), scale_(_cvtsh_ss(block->scale_f16)) {}
  BLUE_SIMD __m256i bytes(int) const { return load_32_bytes(quants_); }
  BLUE_SIMD const float* scales() const { return &scale_; }

 private:
  const std::int8_t* quants_;
  float scale_;
};

}  // namespace
}  // namespace blue::kernels::cpu
