// F32: plain binary32, one value per block. Usable in scalar, SIMD and CUDA translation units.
// Depends on kernels/portable.h. Plain values; any thread.
#pragma once

#include "kernels/portable.h"

namespace blue::kernels::formats::f32 {

struct Block {
  float number;
};
static_assert(sizeof(Block) == 4);

struct Traits {
  using Block = f32::Block;
  static constexpr const char* kName = "F32";
  static constexpr int kValues = 1;

  static BLUE_HOST_DEVICE float value(const Block& block, int /*i*/) { return block.number; }
  static BLUE_HOST_DEVICE void decode(const Block& block, float* out) { out[0] = block.number; }
};

}  // namespace blue::kernels::formats::f32
