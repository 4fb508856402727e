// What block decoders use in every translation unit that includes them: scalar, SIMD and CUDA.
// Depends on the standard library alone (no SDK header: nvcc's own macros suffice). Pure functions;
// any thread.
//
// BLUE_HOST_DEVICE forces inlining. That is for correctness, not speed: these functions are
// compiled in translation units with different instruction sets, and an out-of-line copy would be
// merged by the linker, which might keep the one that an older CPU cannot run.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#define BLUE_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define BLUE_HOST_DEVICE inline __attribute__((always_inline))
#endif

namespace blue::kernels {

BLUE_HOST_DEVICE float float_from_bits(std::uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

BLUE_HOST_DEVICE std::uint32_t bits_from_float(float value) {
  std::uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// binary16 to binary32, exact for every value; a NaN keeps its payload.
BLUE_HOST_DEVICE float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16;
  const std::uint32_t rest = half & 0x7fffU;
  if (rest >= 0x7c00U) return float_from_bits(sign | 0x7f800000U | (rest & 0x3ffU) << 13);
  if (rest >= 0x0400U) return float_from_bits(sign | ((rest << 13) + (112U << 23)));
  const float magnitude =
      static_cast<float>(rest) * 0x1p-24F;  // subnormal: an integer times a power of two is exact
  return float_from_bits(sign | bits_from_float(magnitude));
}

/// binary32 to binary16, round to nearest, ties to even; too large becomes infinity, a NaN stays a
/// (quiet) NaN.
BLUE_HOST_DEVICE std::uint16_t float_to_half(float value) {
  const std::uint32_t bits = bits_from_float(value);
  const std::uint32_t sign = bits >> 16 & 0x8000U;
  const std::uint32_t rest = bits & 0x7fffffffU;
  std::uint32_t half = 0;
  if (rest > 0x7f800000U) {
    half = 0x7e00U | (rest >> 13 & 0x3ffU);
  } else if (rest >= 0x477ff000U) {  // 65520 and above round to infinity
    half = 0x7c00U;
  } else if (rest >= 0x38800000U) {  // normal: drop 13 bits, the carry may run into the exponent
    const std::uint32_t rebased = rest - (112U << 23);
    half = (rebased + 0xfffU + (rebased >> 13 & 1U)) >> 13;
  } else {
    // Subnormal: adding 0.5 leaves the multiple of 2^-24 in the low bits, rounded to even by the
    // adder.
    half = bits_from_float(float_from_bits(rest) + 0.5F) - 0x3f000000U;
  }
  return static_cast<std::uint16_t>(sign | half);
}

}  // namespace blue::kernels
