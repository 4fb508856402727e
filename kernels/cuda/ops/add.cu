#include "kernels/cuda/cuda_op.h"
#include "kernels/cuda/load.cuh"

namespace blue::kernels::cuda {

namespace {

constexpr std::uint32_t kThreads = 256;

__global__ void add_kernel(const float* a, const float* b, float* out, std::uint64_t n_values) {
  const std::uint64_t i = static_cast<std::uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < n_values) out[i] = a[i] + b[i];
}

bool load() { return load_kernels(add_kernel); }

/// Residual addition: out = in + in2.
/// Shapes:   in, in2, out [n, cols] float32, n of op.row_set.
/// Aliasing: out may be in or in2 (one thread a value).
/// Threads:  one launch on `stream`; never allocates.
/// Errors:   none beyond the launch.
/// Bound:    moves 3 · n · cols · 4 bytes; exact.
/// Source:   definition.
void launch(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream) {
  const std::uint64_t n_values = static_cast<std::uint64_t>(n_rows(op, inputs)) * op.cols;
  if (n_values == 0) return;
  add_kernel<<<n_blocks(n_values, kThreads), kThreads, 0, stream>>>(
      bindings.activations[op.in], bindings.activations[op.in2], bindings.activations[op.out],
      n_values);
}

}  // namespace

const CudaOp& cuda_op_add() {
  static constexpr CudaOp kOp{.launch = launch, .load = load};
  return kOp;
}

}  // namespace blue::kernels::cuda
