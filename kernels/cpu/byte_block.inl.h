// ByteBlock<Traits>: how the CPU kernels read one block of a quantised format as bytes under scales. This general one works for
// every format through Traits::unpack_group; a format with a vector reader specialises it in kernels/formats/<folder>/cpu.inl.h.
// Contract: value i of a group = scale · byte - min. kGroup (16 or 32) values share a scale; bytes(g) gives the 32 values
// from 32 · g on; scales() and mins() hold one float per group; kKind and kHasMins say what the format can hold at all.
// Include only from translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/byte_dot.inl.h"

namespace blue::kernels::cpu {
namespace {

/// Formats with bytes under scales; the others stay float.
template <class Traits>
constexpr bool kHasBytes = requires {
  &Traits::unpack_group;
};

template <class Traits>
class ByteBlock {
 public:
  static constexpr int kGroup = Traits::kGroup;
  static constexpr ByteKind kKind = ByteKind::with_sign;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit ByteBlock(const typename Traits::Block* block) {
    for (int g = 0; g < Traits::kValues / kGroup; ++g)
      Traits::unpack_group(*block, g, bytes_ + g * kGroup, scales_[g], mins_[g]);
  }
  BLUE_SIMD __m256i bytes(int g) const { return load_32_bytes(bytes_ + 32 * g); }
  BLUE_SIMD const float* scales() const { return scales_; }
  BLUE_SIMD const float* mins() const { return mins_; }

 private:
  alignas(32) std::int8_t bytes_[Traits::kValues];
  alignas(32) float scales_[Traits::kValues / kGroup];
  alignas(32) float mins_[Traits::kValues / kGroup];
};

}  // namespace
}  // namespace blue::kernels::cpu
