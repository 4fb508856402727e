// The table of sixteen unequal steps that IQ4_NL and IQ4_XS share: denser about zero, where weights are.
// Usable in scalar, SIMD and CUDA translation units. Depends on kernels/portable.h. Pure; any thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/portable.h"

namespace blue::kernels::formats {

/// -127 -104 -83 -65 -49 -35 -22 -10 | 1 13 25 38 53 69 89 113
BLUE_HOST_DEVICE int steps_entry(int code) {
  return table_entry(0xf6eaddcfbfad9881U, 0x7159453526190d01U, code);
}

}  // namespace blue::kernels::formats
