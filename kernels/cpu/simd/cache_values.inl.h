// Values of one head in rows of the paged cache, per element type: one, or a vector of them.
// Include only from *_avx2.cpp and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/simd.inl.h"
#include "kernels/kv_rows.h"
#include "kernels/op.h"

namespace blue::kernels::cpu {
namespace {

/// How one element type of the cache is read: value i of a row, or kLanes from there on.
struct FloatRows {
  static constexpr int kAlignment = 1;  ///< what i must be a multiple of for a vector
  static BLUE_SIMD std::uint64_t row_bytes(std::uint64_t width) { return width * 4; }
  static BLUE_SIMD Vec at(const std::byte* row, int i) {
    return load(reinterpret_cast<const float*>(row) + i);
  }
  static BLUE_SIMD float one(const std::byte* row, int i) {
    return reinterpret_cast<const float*>(row)[i];
  }
};
struct HalfRows {
  static constexpr int kAlignment = 1;
  static BLUE_SIMD std::uint64_t row_bytes(std::uint64_t width) { return width * 2; }
  static BLUE_SIMD Vec at(const std::byte* row, int i) {
    return load_halves(reinterpret_cast<const std::uint16_t*>(row) + i);
  }
  static BLUE_SIMD float one(const std::byte* row, int i) {
    return _cvtsh_ss(reinterpret_cast<const std::uint16_t*>(row)[i]);
  }
};
/// A vector must not pass the end of its block, where the next block's scale begins.
struct BlockRows {
  static constexpr int kAlignment = kLanes;
  static BLUE_SIMD std::uint64_t row_bytes(std::uint64_t width) {
    return width / kKvBlockValues * kKvBlockBytes;
  }
  static BLUE_SIMD const std::byte* block_of(const std::byte* row, int i) {
    return row + static_cast<std::uint64_t>(i) / kKvBlockValues * kKvBlockBytes;
  }
  static BLUE_SIMD const std::int8_t* values_at(const std::byte* row, int i) {
    return reinterpret_cast<const std::int8_t*>(block_of(row, i) + sizeof(std::uint16_t)) +
           static_cast<std::uint64_t>(i) % kKvBlockValues;
  }
  static BLUE_SIMD float scale_at(const std::byte* row, int i) {
    std::uint16_t half;
    __builtin_memcpy(&half, block_of(row, i), sizeof half);
    return _cvtsh_ss(half);
  }
  static BLUE_SIMD Vec at(const std::byte* row, int i) {
    return mul(all(scale_at(row, i)), load_signed_bytes(values_at(row, i)));
  }
  static BLUE_SIMD float one(const std::byte* row, int i) {
    return scale_at(row, i) * static_cast<float>(*values_at(row, i));
  }
};

/// How many of `n` values from `column` on can be read in vectors: all whole ones, or none where
/// they begin in the middle of one.
template <class Rows>
BLUE_SIMD int n_in_vectors(int column, int n) {
  return column % Rows::kAlignment == 0 ? n / kLanes * kLanes : 0;
}

/// What one query's softmax has come to, and the factor of the sums before it.
struct Softmax {
  float largest;
  float divisor;
  float rescale;
};

/// Turns the first n of n_padded scores, a multiple of kLanes, into shares; the rest become 0.
BLUE_SIMD void weigh(float* shares, int n, int n_padded, Softmax& softmax) {
  const Vec lowest = all(-__builtin_inff());
  const int whole = n / kLanes * kLanes;
  Vec highest = all(softmax.largest);
  for (int i = 0; i < whole; i += kLanes) highest = greatest(highest, load(shares + i));
  if (whole < n) highest = greatest(highest, first_of(load(shares + whole), n - whole, lowest));
  const float largest = largest_of_lanes(highest);
  softmax.rescale = 1.0F;
  if (largest > softmax.largest)
    softmax.rescale = first_lane(exponential(all(softmax.largest - largest)));
  softmax.largest = largest;
  const Vec top = all(largest);
  Vec sum = zero();
  for (int i = 0; i < n_padded; i += kLanes) {
    Vec x = zero();
    if (i < n) x = exponential(sub(load(shares + i), top));
    if (i >= whole) x = first_of(x, n > i ? n - i : 0, zero());
    store(shares + i, x);
    sum = add(sum, x);
  }
  softmax.divisor = softmax.divisor * softmax.rescale + sum_of_lanes(sum);
}

}  // namespace
}  // namespace blue::kernels::cpu
