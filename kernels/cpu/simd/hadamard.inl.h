// The fast Walsh-Hadamard transform; contract at OpKernels::hadamard. Include only from *_avx2.cpp
// and *_avx512.cpp.
#pragma once

#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

/// One round: sums and differences of values `half` apart. Rounds below a vector's length are
/// scalar.
void hadamard_round(float* values, std::uint64_t n, std::uint64_t half) {
  for (std::uint64_t first = 0; first < n; first += 2 * half) {
    float* low = values + first;
    float* high = low + half;
    std::uint64_t i = 0;
    for (; i + kLanes <= half; i += kLanes) {
      const Vec x = load(low + i);
      const Vec y = load(high + i);
      store(low + i, add(x, y));
      store(high + i, sub(x, y));
    }
    for (; i < half; ++i) {
      const float x = low[i];
      const float y = high[i];
      low[i] = x + y;
      high[i] = x - y;
    }
  }
}

void hadamard(const float* in, float* out, std::uint64_t begin, std::uint64_t end,
              std::uint64_t cols) {
  const float factor = 1.0F / __builtin_sqrtf(static_cast<float>(cols));
  for (std::uint64_t group = begin; group < end; ++group) {
    const float* from = in + group * cols;
    float* to = out + group * cols;
    for (std::uint64_t i = 0; i < cols; ++i) to[i] = from[i] * factor;
    for (std::uint64_t half = 1; half < cols; half *= 2) hadamard_round(to, cols, half);
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
