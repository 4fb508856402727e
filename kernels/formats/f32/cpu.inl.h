// F32 in vectors: a load. Include only from translation units with an instruction set's flags (see
// kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/chunk_decoder.inl.h"
#include "kernels/formats/f32/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ChunkDecoder<formats::f32::Traits> {
 public:
  static constexpr int kValues = 32;

  BLUE_SIMD explicit ChunkDecoder(const formats::f32::QuantBlock* blocks)
      : values_(reinterpret_cast<const float*>(blocks)) {}
  BLUE_SIMD Vec at(int i) const { return load(values_ + i); }

 private:
  const float* values_;
};

}  // namespace
}  // namespace blue::kernels::cpu
