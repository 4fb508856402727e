// Where the bits of small integers lie in GGUF's blocks, for the layouts that several formats
// share, and decoding by groups. Usable in scalar, SIMD and CUDA translation units. Depends on
// kernels/portable.h. Pure functions; any thread.
#pragma once

#include "kernels/portable.h"

namespace blue::kernels::formats {

/// Quant i of 32 in 16 bytes: the first half in the low nibbles, the second half in the high ones.
BLUE_HOST_DEVICE int nibble_of_halves(const std::uint8_t* bytes, int i) {
  return i < 16 ? bytes[i] & 15 : bytes[i - 16] >> 4;
}

/// Bit i of a little-endian field of bits.
BLUE_HOST_DEVICE int bit_of(const std::uint8_t* bytes, int i) {
  return bytes[i >> 3] >> (i & 7) & 1;
}

/// Eight pairs of 6-bit numbers (s, m) in 12 bytes. Bytes 0-3: s of groups 0-3, bytes 4-7: m of
/// groups 0-3, each in the low 6 bits; bytes 8-11: the low 4 bits of s (low nibble) and m (high
/// nibble) of groups 4-7, whose upper 2 bits are the top bits of bytes 0-3 (s) and 4-7 (m).
BLUE_HOST_DEVICE int first_of_pair(const std::uint8_t* packed, int group) {
  if (group < 4) return packed[group] & 63;
  return (packed[group + 4] & 15) | packed[group - 4] >> 6 << 4;
}
BLUE_HOST_DEVICE int second_of_pair(const std::uint8_t* packed, int group) {
  if (group < 4) return packed[group + 4] & 63;
  return packed[group + 4] >> 4 | packed[group] >> 6 << 4;
}

/// Entry `code` of a table of 16 signed bytes, packed into two words, lowest byte first: no memory
/// is read, so the same code serves host and device.
BLUE_HOST_DEVICE int table_entry(std::uint64_t first_eight, std::uint64_t last_eight, int code) {
  const std::uint64_t word = code < 8 ? first_eight : last_eight;
  return static_cast<std::int8_t>(word >> ((code & 7) * 8) & 0xff);
}

/// Traits::decode by Traits::unpack_group. scale · quant is exact in every format that uses it
/// (each states why), so this gives the same bits with and without fused arithmetic; subtracting a
/// min of +0 leaves every value, also -0, as it is.
template <class Traits>
BLUE_HOST_DEVICE void decode_groups(const typename Traits::QuantBlock& block, float* out) {
  for (int group = 0; group < Traits::kValues / Traits::kGroup; ++group) {
    std::int8_t quants[Traits::kGroup];
    float scale = 0.0F;
    float min = 0.0F;
    Traits::unpack_group(block, group, quants, scale, min);
    for (int i = 0; i < Traits::kGroup; ++i) {
      out[group * Traits::kGroup + i] = scale * static_cast<float>(quants[i]) - min;
    }
  }
}

}  // namespace blue::kernels::formats
