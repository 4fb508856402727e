// rms_norm in vectors; contract at OpKernels::rms_norm. Include only from *_avx2.cpp and
// *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

float sum_of_squares(const float* in, std::uint64_t n) {
  Vec sum = zero();
  Vec sum_odd = zero();
  std::uint64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const Vec x = load(in + i);
    const Vec y = load(in + i + kLanes);
    sum = mul_add(x, x, sum);
    sum_odd = mul_add(y, y, sum_odd);
  }
  for (; i + kLanes <= n; i += kLanes) {
    const Vec x = load(in + i);
    sum = mul_add(x, x, sum);
  }
  if (i < n) {
    const Vec x = load_first(in + i, static_cast<int>(n - i));
    sum = mul_add(x, x, sum);
  }
  return sum_of_lanes(add(sum, sum_odd));
}

void rms_norm(const float* in, const float* weight, float* out, std::uint64_t begin,
              std::uint64_t end, std::uint64_t cols, std::uint64_t stride, float eps) {
  for (std::uint64_t group = begin; group < end; ++group) {
    const float* from = in + group * stride;
    float* to = out + group * stride;
    const float mean = sum_of_squares(from, cols) / static_cast<float>(cols);
    const Vec factor = all(1.0F / __builtin_sqrtf(mean + eps));
    std::uint64_t c = 0;
    for (; c + kLanes <= cols; c += kLanes)
      store(to + c, mul(mul(load(from + c), factor), load(weight + c)));
    if (c < cols) {
      const int left = static_cast<int>(cols - c);
      store_first(to + c,
                  mul(mul(load_first(from + c, left), factor), load_first(weight + c, left)), left);
    }
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
