#include "kernels/cuda/cuda_op.h"
#include "kernels/cuda/load.cuh"

namespace blue::kernels::cuda {

namespace {

constexpr std::uint32_t kThreads = 256;

/// One block an output row.
__global__ void gather_rows_kernel(const float* __restrict__ in,
                                   const std::int32_t* __restrict__ output_rows,
                                   float* __restrict__ out, std::uint32_t cols) {
  const float* from = in + static_cast<std::uint64_t>(output_rows[blockIdx.x]) * cols;
  float* to = out + static_cast<std::uint64_t>(blockIdx.x) * cols;
  for (std::uint32_t c = threadIdx.x; c < cols; c += blockDim.x) to[c] = from[c];
}

bool load() { return load_kernels(gather_rows_kernel); }

/// Keeps the rows whose logits are needed: out[o, :] = in[output_rows[o], :].
/// Shapes:   in [n_tokens, cols], out [n_outputs, cols] float32.
/// Units:    output_rows in [0, n_tokens), read on the device.
/// Aliasing: out must not overlap in.
/// Threads:  one launch on `stream`; never allocates.
/// Errors:   none beyond the launch.
/// Bound:    moves 2 · n_outputs · cols · 4 bytes; exact.
/// Source:   definition.
void launch(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream) {
  if (inputs.n_outputs == 0) return;
  gather_rows_kernel<<<inputs.n_outputs, kThreads, 0, stream>>>(
      bindings.activations[op.in], inputs.output_rows, bindings.activations[op.out], op.cols);
}

}  // namespace

const CudaOp& cuda_op_gather_rows() {
  static constexpr CudaOp kOp{.launch = launch, .load = load};
  return kOp;
}

}  // namespace blue::kernels::cuda
