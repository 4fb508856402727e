// F16: IEEE binary16, one value per block. Usable in scalar, SIMD and CUDA translation units.
// Depends on kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/portable.h"

namespace blue::kernels::formats::f16 {

struct QuantBlock {
  std::uint16_t number_f16;
};
static_assert(sizeof(QuantBlock) == 2);

struct Traits {
  using QuantBlock = f16::QuantBlock;
  static constexpr const char* kName = "F16";
  static constexpr int kValues = 1;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int /*i*/) {
    return half_to_float(block.number_f16);
  }
  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    out[0] = value(block, 0);
  }
};

}  // namespace blue::kernels::formats::f16
