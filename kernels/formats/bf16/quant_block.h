// BF16: the upper half of a binary32, one value per block. Usable in scalar, SIMD and CUDA
// translation units. Depends on kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/portable.h"

namespace blue::kernels::formats::bf16 {

struct QuantBlock {
  std::uint16_t upper_half;
};
static_assert(sizeof(QuantBlock) == 2);

struct Traits {
  using QuantBlock = bf16::QuantBlock;
  static constexpr const char* kName = "BF16";
  static constexpr int kValues = 1;

  static BLUE_HOST_DEVICE float value(const QuantBlock& block, int /*i*/) {
    return float_from_bits(std::uint32_t{block.upper_half} << 16);
  }
  static BLUE_HOST_DEVICE void decode(const QuantBlock& block, float* out) {
    out[0] = value(block, 0);
  }
};

}  // namespace blue::kernels::formats::bf16
