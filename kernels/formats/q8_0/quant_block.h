// Q8_0: 32 signed bytes under one binary16 scale; value = scale · quant. 8.5 bits per value. The
// product has 11 + 8 significant bits, so binary32 holds it exactly and fused arithmetic cannot
// change it. Usable in scalar, SIMD and CUDA translation units. Depends on kernels/portable.h.
// Plain values; any thread.
#pragma once

#include "kernels/portable.h"

namespace blue::kernels::formats::q8_0 {

struct QuantBlock {
  std::uint16_t scale_f16;
  std::int8_t quants[32];
};
static_assert(sizeof(QuantBlock) == 34);

struct Traits {
  using QuantBlock = q8_0::QuantBlock;
  static constexpr const char* kName = "Q8_0";
  static constexpr int kValues = 32;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int i) {
    return half_to_float(block.scale_f16) * static_cast<float>(block.quants[i]);
  }

  static constexpr int kGroup = 32;

  /// value i of the group = scale · q[i] - min, exactly.
  static BLUE_HOST_DEVICE void unpack_group(const QuantBlock& block, int, std::int8_t* q,
                                            float& scale, float& min) {
    scale = half_to_float(block.scale_f16);
    min = 0.0F;
    for (int i = 0; i < kGroup; ++i) q[i] = block.quants[i];
  }

  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    const float scale = half_to_float(block.scale_f16);
    for (int i = 0; i < kValues; ++i) out[i] = scale * static_cast<float>(block.quants[i]);
  }
};

}  // namespace blue::kernels::formats::q8_0
