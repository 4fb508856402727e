// Q5_K: 256 values in 8 groups of 32; value = scale · s · quant - min · m, with a 6-bit s and m per
// group, 5-bit quants and one binary16 scale and min per block. 5.5 bits per value. Both products
// are exact in binary32 (11 + 6 + 5 and 11 + 6 bits): the only rounding is the subtraction's.
// Usable in scalar, SIMD and CUDA translation units. Depends on kernels/portable.h. Plain values;
// any thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/portable.h"

namespace blue::kernels::formats::q5_k {

inline constexpr int kGroups = 8;
inline constexpr int kGroupValues = 32;

struct QuantBlock {
  std::uint16_t scale_f16;
  std::uint16_t min_f16;
  std::uint8_t packed[12];      ///< s and m of each group: first_of_pair(), second_of_pair()
  std::uint8_t fifth_bits[32];  ///< bit j of byte i is the upper bit of quant i of group j
  /// 32 bytes for each pair of groups: the even group in the low nibbles, the odd one in the high
  /// nibbles.
  std::uint8_t low_nibbles[128];
};
static_assert(sizeof(QuantBlock) == 176);

BLUE_HOST_DEVICE float group_scale(const QuantBlock& block, int group) {
  return half_to_float(block.scale_f16) * static_cast<float>(first_of_pair(block.packed, group));
}

BLUE_HOST_DEVICE float group_min(const QuantBlock& block, int group) {
  return half_to_float(block.min_f16) * static_cast<float>(second_of_pair(block.packed, group));
}

BLUE_HOST_DEVICE int quant_of(const QuantBlock& block, int group, int i) {
  const int nibble = block.low_nibbles[group / 2 * kGroupValues + i] >> (group % 2 * 4) & 15;
  return nibble | (block.fifth_bits[i] >> group & 1) << 4;
}

struct Traits {
  using QuantBlock = q5_k::QuantBlock;
  static constexpr const char* kName = "Q5_K";
  static constexpr int kValues = kGroups * kGroupValues;
  static constexpr int kGroup = kGroupValues;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    const int group = i / kGroupValues;
    const int quant = quant_of(block, group, i % kGroupValues);
    return group_scale(block, group) * static_cast<float>(quant) - group_min(block, group);
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    decode_groups<Traits>(block, out);
  }

  /// value = scale · q - min.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int group, std::int8_t* q,
                                            float& scale, float& min) {
    scale = group_scale(block, group);
    min = group_min(block, group);
    for (int i = 0; i < kGroup; ++i) q[i] = static_cast<std::int8_t>(quant_of(block, group, i));
  }
};

}  // namespace blue::kernels::formats::q5_k
