// IQ4_XS in vectors: nibbles looked up in the table of steps. Include only from translation units
// with an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/iq4_xs/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::iq4_xs::Traits> {
 public:
  static constexpr int kGroup = formats::iq4_xs::Traits::kGroup;
  static constexpr int kOffset = kSignOffset;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit BlockI8(const formats::iq4_xs::QuantBlock* block) : block_(block) {}
  BLUE_SIMD __m256i bytes(int g) const {
    return table_entries(formats::kFirstSteps, formats::kLastSteps,
                         nibbles_of_halves(block_->codes + 16 * g));
  }
  BLUE_SIMD __m256i shifted(int g) const {
    return table_entries(formats::kFirstSteps ^ kSignBits, formats::kLastSteps ^ kSignBits,
                         nibbles_of_halves(block_->codes + 16 * g));
  }
#if defined(__AVX512F__)
  BLUE_SIMD __m512i shifted_pair(int pair) const {
    return table_entries(formats::kFirstSteps ^ kSignBits, formats::kLastSteps ^ kSignBits,
                         nibbles_of_four_halves(block_->codes + 32 * pair));
  }
#endif
  /// The fields of a group's number are at bits 4 · g and 2 · g: one variable shift each.
  BLUE_SIMD GroupFloats<8> scales() const {
    std::uint32_t nibbles;
    std::uint16_t pairs;
    __builtin_memcpy(&nibbles, block_->low_nibbles, sizeof nibbles);
    __builtin_memcpy(&pairs, block_->upper_bits, sizeof pairs);
    const __m256i by_four = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    const __m256i by_two = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
    const __m256i low = _mm256_srlv_epi32(_mm256_set1_epi32(static_cast<int>(nibbles)), by_four);
    const __m256i upper = _mm256_srlv_epi32(_mm256_set1_epi32(pairs), by_two);
    const __m256i number =
        _mm256_or_si256(_mm256_and_si256(low, _mm256_set1_epi32(15)),
                        _mm256_slli_epi32(_mm256_and_si256(upper, _mm256_set1_epi32(3)), 4));
    const __m256 factors = _mm256_cvtepi32_ps(_mm256_sub_epi32(number, _mm256_set1_epi32(32)));
    return {_mm256_mul_ps(factors, _mm256_set1_ps(_cvtsh_ss(block_->scale_f16)))};
  }

 private:
  const formats::iq4_xs::QuantBlock* block_;
};

}  // namespace
}  // namespace blue::kernels::cpu
