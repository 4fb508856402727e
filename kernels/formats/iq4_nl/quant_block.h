// IQ4_NL: 32 codes of 4 bits into a fixed table of unequal steps, under one binary16 scale; value =
// scale · table[code]. 4.5 bits per value. The product has 11 + 7 significant bits, so binary32
// holds it exactly. Usable in scalar, SIMD and CUDA translation units. Depends on
// kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/formats/unequal_steps.h"
#include "kernels/portable.h"

namespace blue::kernels::formats::iq4_nl {

struct QuantBlock {
  std::uint16_t scale_f16;
  std::uint8_t codes[16];  ///< values 0-15 in the low nibbles, 16-31 in the high ones
};
static_assert(sizeof(QuantBlock) == 18);

struct Traits {
  using QuantBlock = iq4_nl::QuantBlock;
  static constexpr const char* kName = "IQ4_NL";
  static constexpr int kValues = 32;
  static constexpr int kGroup = 32;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    return half_to_float(block.scale_f16) *
           static_cast<float>(steps_entry(nibble_of_halves(block.codes, i)));
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
      q[i] = static_cast<std::int8_t>(steps_entry(nibble_of_halves(block.codes, i)));
  }
};

}  // namespace blue::kernels::formats::iq4_nl
