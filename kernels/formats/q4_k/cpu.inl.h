// Q4_K in vectors: split the nibbles, one fused step per vector; both products are exact, so fusing changes nothing.
// Include only from translation units with an instruction set's flags (see kernels/cpu/simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_layout.inl.h"
#include "kernels/cpu/chunk_decoder.inl.h"
#include "kernels/formats/q4_k/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ChunkDecoder<formats::q4_k::Traits> {
 public:
  static constexpr int kValues = formats::q4_k::Traits::kValues;

  BLUE_SIMD explicit ChunkDecoder(const formats::q4_k::Block* block) : quants_(block->quants) {
    store_pairs(block->packed, _cvtsh_ss(block->scale_f16), _cvtsh_ss(block->min_f16), scales_, mins_);
  }

  BLUE_SIMD Vec at(int i) const {
    const int group = i / formats::q4_k::kGroupValues;
    const std::uint8_t* bytes =
        quants_ + group / 2 * formats::q4_k::kGroupValues + i % formats::q4_k::kGroupValues;
    const Vec quants = group % 2 == 0 ? load_low_nibbles(bytes) : load_high_nibbles(bytes);
    return mul_sub(quants, all(scales_[group]), all(mins_[group]));
  }

 private:
  const std::uint8_t* quants_;
  float scales_[formats::q4_k::kGroups];
  float mins_[formats::q4_k::kGroups];
};

template <>
class ByteBlock<formats::q4_k::Traits> {
 public:
  static constexpr int kGroup = formats::q4_k::kGroupValues;
  static constexpr ByteKind kKind = ByteKind::unsigned_low;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit ByteBlock(const formats::q4_k::Block* block) : quants_(block->quants) {
    store_pairs(block->packed, _cvtsh_ss(block->scale_f16), _cvtsh_ss(block->min_f16), scales_, mins_);
  }
  BLUE_SIMD __m256i bytes(int g) const {
    const __m256i pair = load_32_bytes(quants_ + g / 2 * kGroup);
    return _mm256_and_si256(g % 2 == 0 ? pair : _mm256_srli_epi16(pair, 4), _mm256_set1_epi8(15));
  }
  BLUE_SIMD const float* scales() const { return scales_; }
  BLUE_SIMD const float* mins() const { return mins_; }

 private:
  const std::uint8_t* quants_;
  alignas(32) float scales_[formats::q4_k::kGroups];
  alignas(32) float mins_[formats::q4_k::kGroups];
};

}  // namespace
}  // namespace blue::kernels::cpu
