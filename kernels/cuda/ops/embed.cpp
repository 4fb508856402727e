// embed is compiled per weight format: linear_format.cuh.
#include "kernels/cuda/cuda_op.h"
#include "kernels/cuda/format_kernels.h"

namespace blue::kernels::cuda {

const CudaOp& cuda_op_embed() {
  static constexpr CudaOp kOp{
      .format_launch = [](const FormatKernels& kernels) { return kernels.embed; }};
  return kOp;
}

}  // namespace blue::kernels::cuda
