// layer_norm in vectors; contract at OpKernels::layer_norm. Include only from *_avx2.cpp and
// *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

/// The sum of what `of` makes of each vector; lanes behind the end are given as `absent`.
template <class Of>
BLUE_SIMD float sum_over(const float* in, std::uint64_t n, float absent, Of of) {
  Vec sum = zero();
  std::uint64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) sum = add(sum, of(load(in + i)));
  if (i < n) {
    alignas(64) float last[kLanes];
    store(last, all(absent));
    for (std::uint64_t j = i; j < n; ++j) last[j - i] = in[j];
    sum = add(sum, of(load(last)));
  }
  return sum_of_lanes(sum);
}

void layer_norm(const float* in, const float* weight, float* out, std::uint64_t begin,
                std::uint64_t end, std::uint64_t cols, float eps) {
  for (std::uint64_t row = begin; row < end; ++row) {
    const float* from = in + row * cols;
    float* to = out + row * cols;
    const auto n = static_cast<float>(cols);
    const float mean = sum_over(from, cols, 0.0F, [](Vec x) BLUE_SIMD_LAMBDA { return x; }) / n;
    const Vec center = all(mean);
    const float squares = sum_over(from, cols, mean, [center](Vec x) BLUE_SIMD_LAMBDA {
      const Vec d = sub(x, center);
      return mul(d, d);
    });
    const Vec factor = all(1.0F / __builtin_sqrtf(squares / n + eps));
    const auto normed = [&](Vec x, Vec w)
                            BLUE_SIMD_LAMBDA { return mul(mul(sub(x, center), factor), w); };
    std::uint64_t c = 0;
    for (; c + kLanes <= cols; c += kLanes) store(to + c, normed(load(from + c), load(weight + c)));
    if (c < cols) {
      const int left = static_cast<int>(cols - c);
      store_first(to + c, normed(load_first(from + c, left), load_first(weight + c, left)), left);
    }
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
