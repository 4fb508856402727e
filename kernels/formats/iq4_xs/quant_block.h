// IQ4_XS: 256 values in 8 groups of 32; value = scale · (s - 32) · table[code], with a 6-bit s per
// group, 4-bit codes into a fixed table of unequal steps and one binary16 scale per block. 4.25
// bits per value. The product has 11 + 5 + 7 significant bits, so binary32 holds it exactly. Usable
// in scalar, SIMD and CUDA translation units. Depends on kernels/portable.h. Plain values; any
// thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/formats/unequal_steps.h"
#include "kernels/portable.h"

namespace blue::kernels::formats::iq4_xs {

inline constexpr int kGroups = 8;
inline constexpr int kGroupValues = 32;

struct QuantBlock {
  std::uint16_t scale_f16;
  std::uint8_t upper_bits[2];   ///< the upper 2 bits of s: four groups a byte, lowest first
  std::uint8_t low_nibbles[4];  ///< the low 4 bits of s: two groups a byte, lowest first
  std::uint8_t
      codes[128];  ///< 16 bytes a group: its values 0-15 in the low nibbles, 16-31 in the high ones
};
static_assert(sizeof(QuantBlock) == 136);

BLUE_HOST_DEVICE float group_scale(const QuantBlock& block, int group) {
  const int low = block.low_nibbles[group / 2] >> (group % 2 * 4) & 15;
  const int upper = block.upper_bits[group / 4] >> (group % 4 * 2) & 3;
  return half_to_float(block.scale_f16) * static_cast<float>((low | upper << 4) - 32);
}

struct Traits {
  using QuantBlock = iq4_xs::QuantBlock;
  static constexpr const char* kName = "IQ4_XS";
  static constexpr int kValues = kGroups * kGroupValues;
  static constexpr int kGroup = kGroupValues;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    const int group = i / kGroupValues;
    const int code = nibble_of_halves(block.codes + group * 16, i % kGroupValues);
    return group_scale(block, group) * static_cast<float>(steps_entry(code));
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    decode_groups<Traits>(block, out);
  }

  /// value = scale · q - min.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int group, std::int8_t* q,
                                            float& scale, float& min) {
    scale = group_scale(block, group);
    min = 0.0F;
    const std::uint8_t* codes = block.codes + group * 16;
    for (int i = 0; i < kGroup; ++i)
      q[i] = static_cast<std::int8_t>(steps_entry(nibble_of_halves(codes, i)));
  }
};

}  // namespace blue::kernels::formats::iq4_xs
