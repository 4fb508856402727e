// F16 in vectors: the processor converts. Include only from translation units with an instruction
// set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/chunk_decoder.inl.h"
#include "kernels/formats/f16/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ChunkDecoder<formats::f16::Traits> {
 public:
  static constexpr int kValues = 32;

  BLUE_SIMD explicit ChunkDecoder(const formats::f16::QuantBlock* blocks)
      : values_(reinterpret_cast<const std::uint16_t*>(blocks)) {}
  BLUE_SIMD Vec at(int i) const { return load_halves(values_ + i); }

 private:
  const std::uint16_t* values_;
};

}  // namespace
}  // namespace blue::kernels::cpu
