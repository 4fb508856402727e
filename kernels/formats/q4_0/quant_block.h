// Q4_0: 32 quants of 4 bits under one binary16 scale; value = scale · (quant - 8). 4.5 bits per
// value. The product has 11 + 4 significant bits, so binary32 holds it exactly. Usable in scalar,
// SIMD and CUDA translation units. Depends on kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/portable.h"

namespace blue::kernels::formats::q4_0 {

struct QuantBlock {
  std::uint16_t scale_f16;
  std::uint8_t quants[16];  ///< values 0-15 in the low nibbles, 16-31 in the high ones
};
static_assert(sizeof(QuantBlock) == 18);

struct Traits {
  using QuantBlock = q4_0::QuantBlock;
  static constexpr const char* kName = "Q4_0";
  static constexpr int kValues = 32;
  static constexpr int kGroup = 32;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    return half_to_float(block.scale_f16) *
           static_cast<float>(nibble_of_halves(block.quants, i) - 8);
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    decode_groups<Traits>(block, out);
  }

  /// value = scale · q - min.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int /*group*/, std::int8_t* q,
                                            float& scale, float& min) {
    scale = half_to_float(block.scale_f16);
    min = 0.0F;
    for (int i = 0; i < kGroup; ++i)
      q[i] = static_cast<std::int8_t>(nibble_of_halves(block.quants, i) - 8);
  }
};

}  // namespace blue::kernels::formats::q4_0
