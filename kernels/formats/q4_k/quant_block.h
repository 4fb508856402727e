// Q4_K: 256 values in 8 groups of 32; value = scale · s · quant - min · m, with a 6-bit s and m per
// group, 4-bit quants and one binary16 scale and min per block. 4.5 bits per value. Both products
// are exact in binary32 (11 + 6 + 4 and 11 + 6 bits): the only rounding is the subtraction's, so
// fused arithmetic gives the same value. Usable in scalar, SIMD and CUDA translation units. Depends
// on kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/portable.h"

namespace blue::kernels::formats::q4_k {

inline constexpr int kGroups = 8;
inline constexpr int kGroupValues = 32;

struct QuantBlock {
  std::uint16_t scale_f16;
  std::uint16_t min_f16;
  /// Bytes 0-3: s of groups 0-3, bytes 4-7: m of groups 0-3, each in the low 6 bits; bytes 8-11:
  /// the low 4 bits of s (low nibble) and m (high nibble) of groups 4-7, whose upper 2 bits are the
  /// top bits of bytes 0-3 (s) and 4-7 (m).
  std::uint8_t packed[12];
  /// 32 bytes for each pair of groups: the even group in the low nibbles, the odd one in the high
  /// nibbles.
  std::uint8_t quants[128];
};
static_assert(sizeof(QuantBlock) == 144);

BLUE_HOST_DEVICE int group_scale(const QuantBlock& block, int group) {
  if (group < 4) return block.packed[group] & 63;
  return (block.packed[group + 4] & 15) | (block.packed[group - 4] >> 6) << 4;
}

BLUE_HOST_DEVICE int group_min(const QuantBlock& block, int group) {
  if (group < 4) return block.packed[group + 4] & 63;
  return (block.packed[group + 4] >> 4) | (block.packed[group] >> 6) << 4;
}

struct Traits {
  using QuantBlock = q4_k::QuantBlock;
  static constexpr const char* kName = "Q4_K";
  static constexpr int kValues = kGroups * kGroupValues;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    const int group = i / kGroupValues;
    const int byte = block.quants[group / 2 * kGroupValues + i % kGroupValues];
    const int quant = group % 2 == 0 ? byte & 15 : byte >> 4;
    const float scale =
        half_to_float(block.scale_f16) * static_cast<float>(group_scale(block, group));
    const float min = half_to_float(block.min_f16) * static_cast<float>(group_min(block, group));
    return scale * static_cast<float>(quant) - min;
  }

  static constexpr int kGroup = kGroupValues;

  /// value i of the group = scale · q[i] - min, exactly.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int group, std::int8_t* q,
                                            float& scale, float& min) {
    scale = half_to_float(block.scale_f16) * static_cast<float>(group_scale(block, group));
    min = half_to_float(block.min_f16) * static_cast<float>(group_min(block, group));
    const std::uint8_t* bytes = block.quants + group / 2 * kGroup;
    for (int i = 0; i < kGroup; ++i)
      q[i] = static_cast<std::int8_t>(bytes[i] >> group % 2 * 4 & 15);
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    for (int group = 0; group < kGroups; ++group) {
      const float scale =
          half_to_float(block.scale_f16) * static_cast<float>(group_scale(block, group));
      const float min = half_to_float(block.min_f16) * static_cast<float>(group_min(block, group));
      const std::uint8_t* bytes = block.quants + group / 2 * kGroupValues;
      const int shift = group % 2 * 4;
      for (int i = 0; i < kGroupValues; ++i) {
        out[group * kGroupValues + i] = scale * static_cast<float>(bytes[i] >> shift & 15) - min;
      }
    }
  }
};

}  // namespace blue::kernels::formats::q4_k
