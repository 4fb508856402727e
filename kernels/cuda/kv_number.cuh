// One value of the KV cache, in either of its types, to and from float32. Where rows lie:
// kernels/kv_rows.h. Device code only. Depends on the CUDA toolkit's half type.
#pragma once

#include <cuda_fp16.h>

namespace blue::kernels::cuda {

__device__ __forceinline__ float load_number(const float* at) { return *at; }
__device__ __forceinline__ float load_number(const __half* at) { return __half2float(*at); }

__device__ __forceinline__ void store_number(float* at, float value) { *at = value; }
/// Rounds to nearest, ties to even, as the reference does.
__device__ __forceinline__ void store_number(__half* at, float value) {
  *at = __float2half_rn(value);
}

}  // namespace blue::kernels::cuda
