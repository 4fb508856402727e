// Q2_K: 256 values in 16 groups of 16; value = scale · s · quant - min · m, with a 4-bit s and m
// per group, 2-bit quants and one binary16 scale and min per block. 2.625 bits per value. Both
// products are exact in binary32 (11 + 4 + 2 and 11 + 4 bits): the only rounding is the
// subtraction's. Usable in scalar, SIMD and CUDA translation units. Depends on kernels/portable.h.
// Plain values; any thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/portable.h"

namespace blue::kernels::formats::q2_k {

inline constexpr int kGroups = 16;
inline constexpr int kGroupValues = 16;

struct QuantBlock {
  std::uint8_t packed[16];  ///< s of each group in the low nibble, m in the high one
  /// 32 bytes for each half of the block; two bits of each byte belong to each of its quarters,
  /// lowest first.
  std::uint8_t quants[64];
  std::uint16_t scale_f16;
  std::uint16_t min_f16;
};
static_assert(sizeof(QuantBlock) == 84);

BLUE_HOST_DEVICE int quant_of(const QuantBlock& block, int i) {
  return block.quants[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3;
}

BLUE_HOST_DEVICE float group_scale(const QuantBlock& block, int group) {
  return half_to_float(block.scale_f16) * static_cast<float>(block.packed[group] & 15);
}

BLUE_HOST_DEVICE float group_min(const QuantBlock& block, int group) {
  return half_to_float(block.min_f16) * static_cast<float>(block.packed[group] >> 4);
}

struct Traits {
  using QuantBlock = q2_k::QuantBlock;
  static constexpr const char* kName = "Q2_K";
  static constexpr int kValues = kGroups * kGroupValues;
  static constexpr int kGroup = kGroupValues;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    const int group = i / kGroupValues;
    return group_scale(block, group) * static_cast<float>(quant_of(block, i)) -
           group_min(block, group);
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    decode_groups<Traits>(block, out);
  }

  /// value = scale · q - min.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int group, std::int8_t* q,
                                            float& scale, float& min) {
    scale = group_scale(block, group);
    min = group_min(block, group);
    const std::uint8_t* bytes = block.quants + group / 8 * 32 + group % 2 * kGroupValues;
    const int shift = group / 2 % 4 * 2;
    for (int i = 0; i < kGroup; ++i) q[i] = static_cast<std::int8_t>(bytes[i] >> shift & 3);
  }
};

}  // namespace blue::kernels::formats::q2_k
