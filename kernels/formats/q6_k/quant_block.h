// Q6_K: 256 values in 16 groups of 16; value = scale · s · (quant - 32), with a signed byte s per
// group, 6-bit quants and one binary16 scale per block. 6.5625 bits per value. The product has 11 +
// 7 + 5 significant bits, so binary32 holds it exactly. Usable in scalar, SIMD and CUDA translation
// units. Depends on kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/portable.h"

namespace blue::kernels::formats::q6_k {

inline constexpr int kGroups = 16;
inline constexpr int kGroupValues = 16;

struct QuantBlock {
  /// The low 4 bits: 64 bytes for each half of the block, its first 64 values in the low nibbles,
  /// the others in the high ones.
  std::uint8_t low_nibbles[128];
  /// The upper 2 bits: 32 bytes for each half; two bits of each byte belong to each of its
  /// quarters, lowest first.
  std::uint8_t upper_bits[64];
  std::int8_t group_scales[16];
  std::uint16_t scale_f16;
};
static_assert(sizeof(QuantBlock) == 210);

BLUE_HOST_DEVICE float group_scale(const QuantBlock& block, int group) {
  return half_to_float(block.scale_f16) * static_cast<float>(block.group_scales[group]);
}

struct Traits {
  using QuantBlock = q6_k::QuantBlock;
  static constexpr const char* kName = "Q6_K";
  static constexpr int kValues = kGroups * kGroupValues;
  static constexpr int kGroup = kGroupValues;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    const int half = i / 128;
    const int low = block.low_nibbles[half * 64 + i % 64] >> (i / 64 % 2 * 4) & 15;
    const int upper = block.upper_bits[half * 32 + i % 32] >> (i / 32 % 4 * 2) & 3;
    return group_scale(block, i / kGroupValues) * static_cast<float>((low | upper << 4) - 32);
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    decode_groups<Traits>(block, out);
  }

  /// value = scale · q - min.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int group, std::int8_t* q,
                                            float& scale, float& min) {
    scale = group_scale(block, group);
    min = 0.0F;
    const int half = group / 8;
    const std::uint8_t* low = block.low_nibbles + half * 64 + group % 4 * kGroupValues;
    const std::uint8_t* upper = block.upper_bits + half * 32 + group % 2 * kGroupValues;
    const int low_shift = group / 4 % 2 * 4;
    const int upper_shift = group / 2 % 4 * 2;
    for (int i = 0; i < kGroup; ++i) {
      q[i] = static_cast<std::int8_t>((low[i] >> low_shift & 15) +
                                      (upper[i] >> upper_shift & 3) * 16 - 32);
    }
  }
};

}  // namespace blue::kernels::formats::q6_k
