// Brings kernels onto the GPU before their first launch. The CUDA runtime otherwise loads each at
// its first launch, which allocates, may wait for the device, and may fall into a stream capture.
// Host code in .cu files.
#pragma once

namespace blue::kernels::cuda {

/// Loads `kernels` onto the calling thread's current GPU. False, with the reason in
/// cudaGetLastError(), when it cannot: cudaErrorNoKernelImageForDevice where the build holds no
/// machine code for that GPU.
template <class... Kernel>
bool load_kernels(Kernel*... kernels) {
  cudaFuncAttributes attributes{};
  return ((cudaFuncGetAttributes(&attributes, kernels) == cudaSuccess) && ...);
}

}  // namespace blue::kernels::cuda
