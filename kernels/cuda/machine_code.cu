#include "kernels/cuda/op_kernels.h"

namespace blue::kernels::cuda {

namespace {

__global__ void empty_kernel() {}

}  // namespace

// The list of architectures belongs to the build; asking for one kernel of it cannot fall out of step with that list.
bool has_machine_code() {
  cudaFuncAttributes attributes{};
  const bool is_there = cudaFuncGetAttributes(&attributes, empty_kernel) == cudaSuccess;
  if (!is_there) static_cast<void>(cudaGetLastError());
  return is_there;
}

}  // namespace blue::kernels::cuda
