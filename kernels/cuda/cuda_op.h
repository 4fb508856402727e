// One op on CUDA. kernels/cuda/ops/<op>.cu (or .cpp) defines `const CudaOp& cuda_op_<op>();`; an op
// without such a file is unsupported. Needs no CUDA header. Depends on launch.h. Static lifetime;
// threads and errors as Launch.
#pragma once

#include <span>
#include <string_view>

#include "kernels/cuda/launch.h"

namespace blue::kernels::cuda {

struct FormatKernels;

struct CudaOp {
  /// What of the op no kernel computes; empty, or a null function: every form is supported.
  std::string_view (*missing)(const Op& op) = nullptr;
  Launch launch = nullptr;
  /// Instead of `launch`, for an op that reads a weight of any format.
  Launch (*format_launch)(const FormatKernels& kernels) = nullptr;
  bool (*load)() = nullptr;  ///< see load.cuh; null with format_launch
};

/// By OpKind, null for ops without kernels (generated from the names of kernels/ops and
/// kernels/cuda/ops).
std::span<const CudaOp* const> cuda_ops();

}  // namespace blue::kernels::cuda
