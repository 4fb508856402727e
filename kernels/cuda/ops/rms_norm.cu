#include "kernels/cuda/cuda_op.h"
#include "kernels/cuda/load.cuh"
#include "kernels/cuda/warp.cuh"

namespace blue::kernels::cuda {

namespace {

constexpr std::uint32_t kMaxThreads = 256;

/// One block a group. Each thread reads its values twice and writes them after all have been read
/// (block_sum is a barrier), so out may be in.
__global__ void rms_norm_kernel(const float* in, const float* __restrict__ weight, float* out,
                                std::uint32_t cols, float eps) {
  const float* group = in + static_cast<std::uint64_t>(blockIdx.x) * cols;
  float* out_group = out + static_cast<std::uint64_t>(blockIdx.x) * cols;
  float squares = 0.0F;
  for (std::uint32_t c = threadIdx.x; c < cols; c += blockDim.x)
    squares = __fmaf_rn(group[c], group[c], squares);
  const float mean = block_sum(squares) / static_cast<float>(cols);
  const float factor = 1.0F / sqrtf(mean + eps);
  for (std::uint32_t c = threadIdx.x; c < cols; c += blockDim.x)
    out_group[c] = group[c] * factor * weight[c];
}

bool load() { return load_kernels(rms_norm_kernel); }

/// Root-mean-square norm, over whole rows or per head.
/// Shapes:   in, out [n, n_heads, cols]; weight [cols] F32, shared by the heads; n of op.row_set.
/// Units:    eps is added to the mean square.   Aliasing: out may be in.
/// Threads:  one launch on `stream`, a block per group; never allocates.
/// Errors:   unsupported_format unless the weight is F32 (supports()).
/// Bound:    reads 2 · and writes 1 · n · n_heads · cols · 4 bytes; error within op_traits.h.
/// Source:   Zhang and Sennrich 2019, Root Mean Square Layer Normalization.
void launch(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream) {
  const std::uint32_t n_groups = n_rows(op, inputs) * op.n_heads;
  if (n_groups == 0) return;
  const std::uint32_t threads = min(kMaxThreads, n_blocks(op.cols, kWarp) * kWarp);
  const auto* weight = reinterpret_cast<const float*>(bindings.weights[op.weight].data);
  rms_norm_kernel<<<n_groups, threads, 0, stream>>>(bindings.activations[op.in], weight,
                                                    bindings.activations[op.out], op.cols, op.eps);
}

std::string_view missing(const Op& op) {
  const bool is_missing = op.head_dim > op.cols;
  return is_missing ? "groups that lie apart" : "";
}

}  // namespace

const CudaOp& cuda_op_rms_norm() {
  static constexpr CudaOp kOp{.missing = missing, .launch = launch, .load = load};
  return kOp;
}

}  // namespace blue::kernels::cuda
