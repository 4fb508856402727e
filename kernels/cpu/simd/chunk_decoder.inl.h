// ChunkDecoder<Traits>: how linear_float.inl.h reads weights in vectors. This general one works
// through Traits::decode; a format with a vector decoder specialises it in
// kernels/formats/<folder>/cpu.inl.h, which the generated translation units include where it
// exists.
// Contract: kValues is a multiple of 16 and of Traits::kValues; the constructor takes the chunk's
// first block; at(i), for i a multiple of kLanes, gives values [i, i + kLanes), exactly those of
// Traits::decode. Include only from translation units with an instruction set's flags (see
// simd.inl.h).
#pragma once

#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

template <class Traits>
class ChunkDecoder {
 public:
  /// Whole blocks, at least 32 values.
  static constexpr int kValues = Traits::kValues >= 32 ? Traits::kValues : 32;

  BLUE_SIMD explicit ChunkDecoder(const typename Traits::QuantBlock* blocks) {
    static_assert(kValues % Traits::kValues == 0 && kValues % 16 == 0);
    for (int b = 0; b < kValues / Traits::kValues; ++b)
      Traits::decode(blocks[b], values_ + b * Traits::kValues);
  }
  BLUE_SIMD Vec at(int i) const { return load(values_ + i); }

 private:
  alignas(64) float values_[kValues];
};

}  // namespace
}  // namespace blue::kernels::cpu
