// Q3_K: 256 values in 16 groups of 16; value = scale · (s - 32) · (quant - 4), with a 6-bit s per
// group, 3-bit quants and one binary16 scale per block. 3.4375 bits per value. The product has 11 +
// 5 + 2 significant bits, so binary32 holds it exactly. Usable in scalar, SIMD and CUDA translation
// units. Depends on kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/portable.h"

namespace blue::kernels::formats::q3_k {

inline constexpr int kGroups = 16;
inline constexpr int kGroupValues = 16;

struct QuantBlock {
  std::uint8_t upper_bits[32];  ///< bit j of byte i is the third bit of quant 32 · j + i
  /// The lower two bits: 32 bytes for each half of the block; two bits of each byte belong to each
  /// of its quarters, lowest first.
  std::uint8_t lower_bits[64];
  /// Bytes 0-7: the low 4 bits of s of groups 0-7 (low nibble) and 8-15 (high nibble); bytes 8-11:
  /// the upper 2 bits of s of groups j, j + 4, j + 8, j + 12, lowest first.
  std::uint8_t packed[12];
  std::uint16_t scale_f16;
};
static_assert(sizeof(QuantBlock) == 110);

BLUE_HOST_DEVICE int quant_of(const QuantBlock& block, int i) {
  const int lower = block.lower_bits[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3;
  return lower | (block.upper_bits[i % 32] >> (i / 32) & 1) << 2;
}

BLUE_HOST_DEVICE float group_scale(const QuantBlock& block, int group) {
  const int low = group < 8 ? block.packed[group] & 15 : block.packed[group - 8] >> 4;
  const int upper = block.packed[8 + group % 4] >> (group / 4 * 2) & 3;
  return half_to_float(block.scale_f16) * static_cast<float>((low | upper << 4) - 32);
}

struct Traits {
  using QuantBlock = q3_k::QuantBlock;
  static constexpr const char* kName = "Q3_K";
  static constexpr int kValues = kGroups * kGroupValues;
  static constexpr int kGroup = kGroupValues;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    return group_scale(block, i / kGroupValues) * static_cast<float>(quant_of(block, i) - 4);
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    decode_groups<Traits>(block, out);
  }

  /// value = scale · q - min.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int group, std::int8_t* q,
                                            float& scale, float& min) {
    scale = group_scale(block, group);
    min = 0.0F;
    const std::uint8_t* lower = block.lower_bits + group / 8 * 32 + group % 2 * kGroupValues;
    const std::uint8_t* upper = block.upper_bits + group % 2 * kGroupValues;
    const int shift = group / 2 % 4 * 2;
    const int bit = group / 2;
    for (int i = 0; i < kGroup; ++i) {
      q[i] = static_cast<std::int8_t>((lower[i] >> shift & 3) + (upper[i] >> bit & 1) * 4 - 4);
    }
  }
};

}  // namespace blue::kernels::formats::q3_k
