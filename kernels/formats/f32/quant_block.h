// F32: plain binary32, one value per block. Usable in scalar, SIMD and CUDA translation units.
// Depends on kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/portable.h"

namespace blue::kernels::formats::f32 {

struct QuantBlock {
  float number;
};
static_assert(sizeof(QuantBlock) == 4);

struct Traits {
  using QuantBlock = f32::QuantBlock;
  static constexpr const char* kName = "F32";
  static constexpr int kValues = 1;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int /*i*/) { return block.number; }
  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    out[0] = block.number;
  }
};

}  // namespace blue::kernels::formats::f32
