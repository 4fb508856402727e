// BlockI8<Traits>: how the CPU kernels read one block of a quantised format as bytes under scales.
// This general one works for every format through Traits::unpack_group; a format with a vector
// reader specialises it in kernels/formats/<folder>/cpu.inl.h.
// Contract: value i of a group = scale · byte - min, and kGroup (16 or 32) values share a scale.
// shifted(g) gives the 32 bytes from 32 · g on kOffset higher: unsigned, and below 128 if kOffset,
// a power of two or none, is; where it is 128 bytes(g) gives them as they are. Blocks of 256 values
// have scales() and mins() in registers; smaller ones scale(i) and min(i), and those of one group
// may have strided_scales() and strided_mins() of eight blocks at once. kHasMins: the format can
// hold minimums. With AVX-512 blocks of 256 values may have shifted_pair(p): shifted(2 · p) and
// shifted(2 · p + 1) in one vector. Include only from translation units with an instruction set's
// flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/dot_i8.inl.h"
#include "kernels/cpu/simd/group_floats.inl.h"

namespace blue::kernels::cpu {
namespace {

/// Formats with bytes under scales; the others stay float.
template <class Traits>
constexpr bool kHasI8 = requires {
  &Traits::unpack_group;
};

/// shifted() of bytes that are 0 at the lowest, and of those that are -128.
constexpr int kNoOffset = 0;
constexpr int kSignOffset = 128;

BLUE_SIMD __m256i flip_sign_bit(__m256i bytes) {
  return _mm256_xor_si256(bytes, _mm256_set1_epi8(-128));
}

template <class Traits>
class BlockI8 {
 public:
  static constexpr int kGroup = Traits::kGroup;
  static constexpr int kOffset = kSignOffset;
  static constexpr bool kHasMins = true;
  static constexpr int kGroups = Traits::kValues / kGroup;

  BLUE_SIMD explicit BlockI8(const typename Traits::QuantBlock* block) {
    for (int g = 0; g < kGroups; ++g)
      Traits::unpack_group(*block, g, bytes_ + g * kGroup, scales_[g], mins_[g]);
  }
  BLUE_SIMD __m256i bytes(int g) const { return load_32_bytes(bytes_ + 32 * g); }
  BLUE_SIMD __m256i shifted(int g) const { return flip_sign_bit(bytes(g)); }
  BLUE_SIMD float scale(int i) const { return scales_[i]; }
  BLUE_SIMD float min(int i) const { return mins_[i]; }
  BLUE_SIMD auto scales() const { return GroupFloats<kGroups>::load(scales_); }
  BLUE_SIMD auto mins() const { return GroupFloats<kGroups>::load(mins_); }

 private:
  alignas(32) std::int8_t bytes_[Traits::kValues];
  alignas(32) float scales_[kGroups];
  alignas(32) float mins_[kGroups];
};

/// Values that are multiplied with one token at once.
constexpr int kChunkValues = 256;

/// kChunkValues values of smaller blocks as if they were one block.
template <class Traits>
class BlockChain {
  using Block = BlockI8<Traits>;
  static constexpr int kParts = Traits::kValues / 32;
  static constexpr int kGroups = kChunkValues / Traits::kGroup;
  static constexpr int kGroupsOfBlock = Traits::kValues / Traits::kGroup;
  static_assert(Traits::kValues % 32 == 0 && kChunkValues % Traits::kValues == 0);

 public:
  BLUE_SIMD explicit BlockChain(const typename Traits::QuantBlock* blocks) : blocks_(blocks) {}
  BLUE_SIMD __m256i bytes(int g) const { return Block(blocks_ + g / kParts).bytes(g % kParts); }
  BLUE_SIMD __m256i shifted(int g) const { return Block(blocks_ + g / kParts).shifted(g % kParts); }
  BLUE_SIMD GroupFloats<kGroups> scales() const {
    if constexpr (requires { Block::strided_scales(blocks_); }) {
      return Block::strided_scales(blocks_);
    } else {
      float scales[kGroups];
      for (int i = 0; i < kGroups; ++i)
        scales[i] = Block(blocks_ + i / kGroupsOfBlock).scale(i % kGroupsOfBlock);
      return GroupFloats<kGroups>::load(scales);
    }
  }
  BLUE_SIMD GroupFloats<kGroups> mins() const {
    if constexpr (requires { Block::strided_mins(blocks_); }) {
      return Block::strided_mins(blocks_);
    } else {
      float mins[kGroups];
      for (int i = 0; i < kGroups; ++i)
        mins[i] = Block(blocks_ + i / kGroupsOfBlock).min(i % kGroupsOfBlock);
      return GroupFloats<kGroups>::load(mins);
    }
  }

 private:
  const typename Traits::QuantBlock* blocks_;
};

template <class Traits, int kValues = Traits::kValues>
struct ChunkOf {
  using Type = BlockChain<Traits>;
};
template <class Traits>
struct ChunkOf<Traits, kChunkValues> {
  using Type = BlockI8<Traits>;
};
/// Reads kChunkValues values, whatever the format's blocks are.
template <class Traits>
using ChunkI8 = typename ChunkOf<Traits>::Type;

}  // namespace
}  // namespace blue::kernels::cpu
