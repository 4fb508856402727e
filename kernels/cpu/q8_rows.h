// Activation rows as bytes: what linear multiplies quantised weights with. Each group of 32 values
// has one scale, so that one large value spoils 31 others at most; beside the bytes are the sums
// that weights with an offset or a minimum need. Depends on the standard library alone; usable in
// every translation unit. Plain values that borrow; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blue::kernels::cpu {

inline constexpr std::uint64_t kQ8Group = 32;  ///< values under one scale
inline constexpr std::uint64_t kHalfGroup =
    16;  ///< values under one sum, for weights with a scale per 16

/// One row of `cols` values, a multiple of kQ8Group: value ≈ scales[i / 32] · values[i], values
/// within ±127.
struct Q8Row {
  std::int8_t* values;        ///< [cols]
  float* scales;              ///< [cols / 32]
  float* sums;                ///< [cols / 32]: scale times the sum of the group's bytes
  std::int32_t* biases;       ///< [cols / 32]: -128 times the sum of the group's bytes
  float* half_sums;           ///< [cols / 16], as sums
  std::int32_t* half_biases;  ///< [cols / 16], as biases

  static inline __attribute__((always_inline)) Q8Row at(std::byte* row, std::uint64_t cols) {
    const std::uint64_t array = cols / kQ8Group * sizeof(float);
    std::byte* next = row + cols;
    return {reinterpret_cast<std::int8_t*>(row),
            reinterpret_cast<float*>(next),
            reinterpret_cast<float*>(next + array),
            reinterpret_cast<std::int32_t*>(next + 2 * array),
            reinterpret_cast<float*>(next + 3 * array),
            reinterpret_cast<std::int32_t*>(next + 5 * array)};
  }
};

/// Bytes from one row to the next; every row begins on a cache line.
constexpr std::uint64_t q8_row_stride(std::uint64_t cols) {
  return (cols + cols / kQ8Group * 7 * sizeof(float) + 63) / 64 * 64;
}

}  // namespace blue::kernels::cpu
