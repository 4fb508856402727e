// Q4_K in vectors: the nibbles of two groups side by side, scales and mins in registers. Include
// only from translation units with an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q4_k/quant_block.h"

namespace blue::kernels::cpu {
namespace {

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
