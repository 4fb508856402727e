// The table of sixteen unequal steps that IQ4_NL and IQ4_XS share: denser about zero, where weights
// are. Usable in scalar, SIMD and CUDA translation units. Depends on kernels/portable.h. Pure; any
// thread.
#pragma once

#include "kernels/formats/bit_layout.h"
#include "kernels/portable.h"

namespace blue::kernels::formats {

/// -127 -104 -83 -65 -49 -35 -22 -10 | 1 13 25 38 53 69 89 113
/// The table's bytes, lowest first, as table_entry() takes them.
inline constexpr std::uint64_t kFirstSteps = 0xf6eaddcfbfad9881U;
inline constexpr std::uint64_t kLastSteps = 0x7159453526190d01U;

BLUE_HOST_DEVICE int steps_entry(int code) { return table_entry(kFirstSteps, kLastSteps, code); }

}  // namespace blue::kernels::formats
