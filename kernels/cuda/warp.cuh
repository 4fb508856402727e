// Reductions over a warp and a thread block, in a fixed order: the same inputs give the same bits
// at every launch. Device code only. Every thread of the warp (block) must take part.
#pragma once

#include <cstdint>

namespace blue::kernels::cuda {

inline constexpr std::uint32_t kWarp = 32;

/// The sum over the warp's lanes, in every lane.
__device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
  for (int offset = kWarp / 2; offset > 0; offset /= 2)
    value += __shfl_xor_sync(0xffffffffU, value, offset);
  return value;
}

/// The sum over a block of whole warps (one-dimensional, at most 1024 threads), in every thread.
__device__ __forceinline__ float block_sum(float value) {
  __shared__ float sums[kWarp];
  const std::uint32_t lane = threadIdx.x % kWarp;
  const std::uint32_t warp = threadIdx.x / kWarp;
  value = warp_sum(value);
  if (lane == 0) sums[warp] = value;
  __syncthreads();
  return warp_sum(lane < blockDim.x / kWarp ? sums[lane] : 0.0F);
}

}  // namespace blue::kernels::cuda
