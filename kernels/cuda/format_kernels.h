// The kernels of one weight format on CUDA: what the generated translation unit of each format folder hands out, and
// the generated table of them. Needs no CUDA header. Depends on kernels/op.h.
// Static lifetime; any thread.
#pragma once

#include <string_view>

#include "kernels/cuda/launch.h"

namespace blue::kernels::cuda {

struct FormatKernels {
  std::string_view format_name;  ///< Format::name
  Launch linear = nullptr;
  Launch embed = nullptr;
};

/// The kernels for the format of this name; null when the room has none (generated).
const FormatKernels* format_kernels(std::string_view format_name);

}  // namespace blue::kernels::cuda
