// Q8_0 in vectors: widen the bytes, multiply by the scale. Include only from translation units with
// an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/chunk_decoder.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q8_0/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ChunkDecoder<formats::q8_0::Traits> {
 public:
  static constexpr int kValues = 32;

  BLUE_SIMD explicit ChunkDecoder(const formats::q8_0::QuantBlock* block)
      : quants_(block->quants), scale_(all(_cvtsh_ss(block->scale_f16))) {}
  BLUE_SIMD Vec at(int i) const { return mul(load_signed_bytes(quants_ + i), scale_); }

 private:
  const std::int8_t* quants_;
  Vec scale_;
};

template <>
class BlockI8<formats::q8_0::Traits> {
 public:
  static constexpr int kGroup = 32;
  static constexpr int kOffset = kSignOffset;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit BlockI8(const formats::q8_0::QuantBlock* block)
      : quants_(block->quants), scale_(_cvtsh_ss(block->scale_f16)) {}
  BLUE_SIMD __m256i bytes(int) const { return load_32_bytes(quants_); }
  BLUE_SIMD __m256i shifted(int) const { return without_sign(load_32_bytes(quants_)); }
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
