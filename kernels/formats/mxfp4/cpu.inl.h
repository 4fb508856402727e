// MXFP4 in vectors: nibbles looked up in the table of doubled values. Include only from translation
// units with an instruction set's flags (see kernels/cpu/simd/simd.inl.h).
#pragma once

#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/layout_i8.inl.h"
#include "kernels/formats/mxfp4/quant_block.h"

namespace blue::kernels::cpu {
namespace {

template <>
class BlockI8<formats::mxfp4::Traits> {
 public:
  static constexpr int kGroup = formats::mxfp4::Traits::kGroup;
  static constexpr int kOffset = 16;
  static constexpr bool kHasMins = false;

  BLUE_SIMD explicit BlockI8(const formats::mxfp4::QuantBlock* block) : block_(block) {}
  BLUE_SIMD __m256i shifted(int) const {
    return table_entries(kFirst, kLast, nibbles_of_halves(block_->codes));
  }
  BLUE_SIMD float scale(int) const { return formats::mxfp4::half_scale(*block_); }
  /// As half_scale(): the exponent in its place, or what a subnormal number of that exponent looks
  /// like.
  static BLUE_SIMD GroupFloats<8> strided_scales(const formats::mxfp4::QuantBlock* blocks) {
    const auto at = [&](int i) BLUE_SIMD_LAMBDA { return static_cast<int>(blocks[i].exponent); };
    const __m256i exponents =
        _mm256_setr_epi32(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
    const __m256i normal = _mm256_slli_epi32(_mm256_sub_epi32(exponents, _mm256_set1_epi32(1)), 23);
    const __m256i subnormal = _mm256_sllv_epi32(_mm256_set1_epi32(0x00200000), exponents);
    const __m256i is_normal = _mm256_cmpgt_epi32(exponents, _mm256_set1_epi32(1));
    return {_mm256_castsi256_ps(_mm256_blendv_epi8(subnormal, normal, is_normal))};
  }

 private:
  static constexpr std::uint64_t kAllOffset = 0x1010101010101010;
  /// No byte carries into the next: the sums are 4 to 28.
  static constexpr std::uint64_t kFirst = formats::mxfp4::kFirstValues + kAllOffset;
  static constexpr std::uint64_t kLast = 0x04080a0c0d0e0f10;

  const formats::mxfp4::QuantBlock* block_;
};

}  // namespace
}  // namespace blue::kernels::cpu
