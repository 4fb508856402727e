// Q5_1: 32 quants of 5 bits, one binary16 scale and offset; value = scale · quant + offset. 6 bits
// per value. The product is exact in binary32 (11 + 5 bits): the only rounding is the sum's, so
// fused arithmetic gives the same value. Usable in scalar, SIMD and CUDA translation units. Depends
// on kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/portable.h"

namespace blue::kernels::formats::q5_1 {

struct QuantBlock {
  std::uint16_t scale_f16;
  std::uint16_t offset_f16;
  std::uint8_t fifth_bits[4];    ///< bit i is the upper bit of quant i
  std::uint8_t low_nibbles[16];  ///< values 0-15 in the low nibbles, 16-31 in the high ones
};
static_assert(sizeof(QuantBlock) == 24);

BLUE_HOST_DEVICE int quant_of(const QuantBlock& block, int i) {
  return nibble_of_halves(block.low_nibbles, i) | bit_of(block.fifth_bits, i) << 4;
}

struct Traits {
  using QuantBlock = q5_1::QuantBlock;
  static constexpr const char* kName = "Q5_1";
  static constexpr int kValues = 32;
  static constexpr int kGroup = 32;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    return half_to_float(block.scale_f16) * static_cast<float>(quant_of(block, i)) +
           half_to_float(block.offset_f16);
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    decode_groups<Traits>(block, out);
  }

  /// value = scale · q - min.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int /*group*/, std::int8_t* q,
                                            float& scale, float& min) {
    scale = half_to_float(block.scale_f16);
    min = -half_to_float(block.offset_f16);
    for (int i = 0; i < kGroup; ++i) q[i] = static_cast<std::int8_t>(quant_of(block, i));
  }
};

}  // namespace blue::kernels::formats::q5_1
