// MXFP4: 32 floats of 4 bits (sign, two bits of exponent, one of mantissa) under a shared power of
// two (OCP Microscaling Formats 1.0, E2M1 with E8M0). 4.25 bits per value. Codes mean 0, 0.5,
// 1, 1.5, 2, 3, 4, 6 and their negatives; here they are doubled to integers under half the scale,
// which binary32 holds exactly, subnormal ones included. The exponent byte 255, NaN by the
// standard, is taken as 2^128 like any other; -0 decodes to +0, as the GGUF world does both. Usable
// in scalar, SIMD and CUDA translation units. Depends on kernels/portable.h. Plain values; any
// thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/portable.h"

namespace blue::kernels::formats::mxfp4 {

struct QuantBlock {
  std::uint8_t exponent;   ///< of the shared scale: 2^(exponent - 127)
  std::uint8_t codes[16];  ///< values 0-15 in the low nibbles, 16-31 in the high ones
};
static_assert(sizeof(QuantBlock) == 17);

/// 2^(exponent - 128); subnormal for the two smallest exponents.
BLUE_HOST_DEVICE float half_scale(const QuantBlock& block) {
  const std::uint32_t exponent = block.exponent;
  return float_from_bits(exponent < 2 ? 0x00200000U << exponent : (exponent - 1) << 23);
}

/// Twice the numbers that codes mean, lowest byte first, as table_entry() takes them.
inline constexpr std::uint64_t kFirstValues = 0x0c08060403020100U;
inline constexpr std::uint64_t kLastValues = 0xf4f8fafcfdfeff00U;

/// Twice the number that a code means.
BLUE_HOST_DEVICE int doubled_value(int code) {
  return table_entry(kFirstValues, kLastValues, code);
}

struct Traits {
  using QuantBlock = mxfp4::QuantBlock;
  static constexpr const char* kName = "MXFP4";
  static constexpr int kValues = 32;
  static constexpr int kGroup = 32;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    return half_scale(block) * static_cast<float>(doubled_value(nibble_of_halves(block.codes, i)));
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    decode_groups<Traits>(block, out);
  }

  /// value = scale · q - min.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int /*group*/, std::int8_t* q,
                                            float& scale, float& min) {
    scale = half_scale(block);
    min = 0.0F;
    for (int i = 0; i < kGroup; ++i)
      q[i] = static_cast<std::int8_t>(doubled_value(nibble_of_halves(block.codes, i)));
  }
};

}  // namespace blue::kernels::formats::mxfp4
