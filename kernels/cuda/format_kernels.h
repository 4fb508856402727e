// The kernels of one weight format on CUDA: defined in generated translation units, found by the
// generated table (generated/kernels/cuda/format_table.h). Needs no CUDA header. Depends on
// kernels/op.h. Static lifetime; any thread.
#pragma once

#include <string_view>

#include "kernels/cuda/launch.h"

namespace blue::kernels::cuda {

struct FormatKernels {
  std::string_view format_name;  ///< Format::name
  Launch linear = nullptr;
  Launch embed = nullptr;
  bool (*load)() = nullptr;  ///< see load.cuh
};

}  // namespace blue::kernels::cuda
