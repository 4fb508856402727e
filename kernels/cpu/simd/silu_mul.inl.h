// silu_mul in vectors; contract at OpKernels::silu_mul. Include only from *_avx2.cpp and
// *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

BLUE_SIMD Vec silu_mul_vector(Vec x, Vec y) {
  return mul(div(x, add(all(1.0F), exponential(sub(zero(), x)))), y);
}

void silu_mul(const float* in, const float* in2, float* out, std::uint64_t begin,
              std::uint64_t end) {
  std::uint64_t i = begin;
  for (; i + kLanes <= end; i += kLanes)
    store(out + i, silu_mul_vector(load(in + i), load(in2 + i)));
  if (i < end) {
    const int left = static_cast<int>(end - i);
    store_first(out + i, silu_mul_vector(load_first(in + i, left), load_first(in2 + i, left)),
                left);
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
