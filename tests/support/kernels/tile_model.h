// linear_tiles.inl.h with a scalar model in the place of the processor's tiles, so that machines
// without AMX test how panels and tokens are laid out for them. Compiled with AVX-512's flags: call
// only where avx512 is available.
// Depends on kernels/cpu. Threads: one at a time, the model has one set of tiles.
#pragma once

#include <string_view>

#include "kernels/cpu/format_kernels.h"

namespace blue::test {

struct ModelledFormat {
  const char* folder;
  void (*linear_q8)(const kernels::cpu::LinearPart& part);
};

/// One format of each kind: with and without minimums, large blocks and small ones.
inline constexpr int kModelledFormats = 3;
const ModelledFormat& modelled_format(int i);

/// How many instructions of the model met a tile whose shape was not configured for it, since the
/// last call.
int n_misused_tiles();

}  // namespace blue::test
