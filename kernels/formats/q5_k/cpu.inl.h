// Q5_K in vectors: nibbles under the bits of their group. Include only from translation units with
// an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/q5_k/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::q5_k::Traits> {
 public:
  static constexpr int kGroup = formats::q5_k::Traits::kGroup;
  static constexpr int kOffset = kNoOffset;
  static constexpr bool kHasMins = true;

  BLUE_SIMD explicit BlockI8(const formats::q5_k::QuantBlock* block)
      : block_(block),
        pairs_(
            unpack_pairs(block->packed, _cvtsh_ss(block->scale_f16), _cvtsh_ss(block->min_f16))) {}
  BLUE_SIMD __m256i shifted(int g) const {
    const __m256i low = bits_at<4>(load_32_bytes(block_->low_nibbles + g / 2 * 32), g % 2 * 4);
    const __m256i upper = bits_at<1>(load_32_bytes(block_->fifth_bits), g);
    return _mm256_or_si256(low, _mm256_slli_epi16(upper, 4));
  }
#if defined(__AVX512F__)
  BLUE_SIMD __m512i shifted_pair(int pair) const {
    const __m512i low = bits_at<4>(twice(block_->low_nibbles + pair * 32), 0, 4);
    return with_bits<1, 4>(low, twice(block_->fifth_bits), 2 * pair, 2 * pair + 1);
  }
#endif
  BLUE_SIMD GroupFloats<8> scales() const { return pairs_.scales; }
  BLUE_SIMD GroupFloats<8> mins() const { return pairs_.mins; }

 private:
  const formats::q5_k::QuantBlock* block_;
  Pairs pairs_;
};

}  // namespace
}  // namespace blue::kernels::cpu
