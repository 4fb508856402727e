// Q4_K in vectors: split the nibbles, one fused step per vector; both products are exact, so fusing
// changes nothing. Include only from translation units with an instruction set's flags (see
// kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/chunk_decoder.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q4_k/block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class ChunkDecoder<formats::q4_k::Traits> {
 public:
  static constexpr int kValues = formats::q4_k::Traits::kValues;

  BLUE_SIMD explicit ChunkDecoder(const formats::q4_k::QuantBlock* block) : quants_(block->quants) {
    const Pairs pairs =
        unpack_pairs(block->packed, _cvtsh_ss(block->scale_f16), _cvtsh_ss(block->min_f16));
    pairs.scales.store(scales_);
    pairs.mins.store(mins_);
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
class BlockI8<formats::q4_k::Traits> {
 public:
  static constexpr int kGroup = formats::q4_k::kGroupValues;
  static constexpr int kOffset = kNoOffset;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit BlockI8(const formats::q4_k::QuantBlock* block)
      : quants_(block->quants),
        pairs_(
            unpack_pairs(block->packed, _cvtsh_ss(block->scale_f16), _cvtsh_ss(block->min_f16))) {}
  BLUE_SIMD __m256i shifted(int g) const {
    const __m256i pair = load_32_bytes(quants_ + g / 2 * kGroup);
    return _mm256_and_si256(g % 2 == 0 ? pair : _mm256_srli_epi16(pair, 4), _mm256_set1_epi8(15));
  }
#if defined(__AVX512F__)
  BLUE_SIMD __m512i shifted_pair(int pair) const {
    return bits_at<4>(twice(quants_ + pair * kGroup), 0, 4);
  }
#endif
  BLUE_SIMD GroupFloats<8> scales() const { return pairs_.scales; }
  BLUE_SIMD GroupFloats<8> mins() const { return pairs_.mins; }

 private:
  const std::uint8_t* quants_;
  Pairs pairs_;
};

}  // namespace
}  // namespace blue::kernels::cpu
