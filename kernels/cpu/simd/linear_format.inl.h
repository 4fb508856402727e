// The kernels of a weight format on one instruction set. A generated translation unit includes the
// quant_block.h of some formats and their cpu.inl.h where there is one (vector readers:
// specialisations of ChunkDecoder and BlockI8), then this file, then expands
// BLUE_CPU_FORMAT(folder, isa) or BLUE_CPU_FORMAT_OVER(folder, isa, base) for each. Include only
// from translation units with an instruction set's flags; everything has internal linkage (see
// simd.inl.h).
#pragma once

#include "kernels/cpu/format_kernels.h"
#include "kernels/cpu/simd/linear_float.inl.h"
#include "kernels/cpu/simd/linear_q8.inl.h"
#if defined(__AMX_INT8__) || defined(__AMXINT8__)  // the second: clang before 17
#define BLUE_HAS_TILES 1
#include "kernels/cpu/simd/linear_tiles.inl.h"
#include "kernels/cpu/simd/tile_instructions.inl.h"
#endif

namespace blue::kernels::cpu {
namespace {

template <class Traits>
constexpr FormatKernels kernels_of_format() {
  if constexpr (kHasI8<Traits>) {
    return {.name = Traits::kName, .linear_q8 = &linear_q8<Traits>};
  } else {
    return {.name = Traits::kName, .linear = &linear_float<Traits>};
  }
}

#if defined(BLUE_HAS_TILES)
template <class Traits, const FormatKernels& (*kBase)()>
void linear_q8_in_tiles(const LinearPart& part) {
  if (part.n_tokens < kPanelTokens) return kBase().linear_q8(part);
  linear_tiles<Traits, TileInstructions>(part);
}
#endif

/// Of an instruction set that adds products of bytes to `kBase`'s: all else is the base's, and is
/// not compiled again.
template <class Traits, const FormatKernels& (*kBase)()>
FormatKernels kernels_over_base() {
  FormatKernels kernels = kBase();
  if constexpr (kHasI8<Traits>) {
#if defined(BLUE_HAS_TILES)
    if constexpr (Traits::kGroup == kDotCols)
      kernels.linear_q8 = &linear_q8_in_tiles<Traits, kBase>;
#else
    kernels.linear_q8 = &linear_q8<Traits>;
#endif
  }
  return kernels;
}

}  // namespace
}  // namespace blue::kernels::cpu

/// Defines `const FormatKernels& cpu_<isa>_<folder>()` for the format in kernels/formats/<folder>.
#define BLUE_CPU_FORMAT(folder, isa)                                                        \
  namespace blue::kernels::cpu {                                                            \
  const FormatKernels& cpu_##isa##_##folder();                                              \
  const FormatKernels& cpu_##isa##_##folder() {                                             \
    static constexpr FormatKernels kKernels = kernels_of_format<formats::folder::Traits>(); \
    return kKernels;                                                                        \
  }                                                                                         \
  }

/// The same for an instruction set that extends `base`.
#define BLUE_CPU_FORMAT_OVER(folder, isa, base)                               \
  namespace blue::kernels::cpu {                                              \
  const FormatKernels& cpu_##base##_##folder();                               \
  const FormatKernels& cpu_##isa##_##folder();                                \
  const FormatKernels& cpu_##isa##_##folder() {                               \
    static const FormatKernels kKernels =                                     \
        kernels_over_base<formats::folder::Traits, &cpu_##base##_##folder>(); \
    return kKernels;                                                          \
  }                                                                           \
  }
