// Attention over the paged cache in vectors; contract at OpKernels::attention.
// Include only from *_avx2.cpp and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd.inl.h"
#include "kernels/kv_rows.h"
#include "kernels/op_shape.h"

namespace blue::kernels::cpu {
namespace {

/// How one element type of the cache is read: value i of a row, or kLanes from there on.
struct FloatRows {
  static constexpr int kAlignment = 1;  ///< what i must be a multiple of for a vector
  static BLUE_SIMD Vec at(const std::byte* row, int i) {
    return load(reinterpret_cast<const float*>(row) + i);
  }
  static BLUE_SIMD float one(const std::byte* row, int i) { return reinterpret_cast<const float*>(row)[i]; }
};
struct HalfRows {
  static constexpr int kAlignment = 1;
  static BLUE_SIMD Vec at(const std::byte* row, int i) {
    return load_halves(reinterpret_cast<const std::uint16_t*>(row) + i);
  }
  static BLUE_SIMD float one(const std::byte* row, int i) {
    return _cvtsh_ss(reinterpret_cast<const std::uint16_t*>(row)[i]);
  }
};
/// A vector must not reach over the end of its block, behind which lies the next one's scale.
struct BlockRows {
  static constexpr int kAlignment = kLanes;
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

/// The running softmax of one head: sums of exp(score - largest) · value, and of the shares themselves.
struct Softmax {
  alignas(64) float sums[kMaxHeadDim];
  float largest;
  float divisor;
};

template <class Rows>
float dot_key(const float* q, const std::byte* key, int first, int n) {
  Vec sum = zero();
  int i = 0;
  const int n_in_vectors = first % Rows::kAlignment == 0 ? n : 0;
  for (; i + kLanes <= n_in_vectors; i += kLanes) sum = mul_add(load(q + i), Rows::at(key, first + i), sum);
  float total = sum_of_lanes(sum);
  for (; i < n; ++i) total += q[i] * Rows::one(key, first + i);
  return total;
}

template <class Rows>
void add_value(float* sums, const std::byte* value, int first, float share, int n) {
  const Vec factor = all(share);
  int i = 0;
  const int n_in_vectors = first % Rows::kAlignment == 0 ? n : 0;
  for (; i + kLanes <= n_in_vectors; i += kLanes)
    store(sums + i, mul_add(factor, Rows::at(value, first + i), load(sums + i)));
  for (; i < n; ++i) sums[i] += share * Rows::one(value, first + i);
}

void scale_sums(Softmax& softmax, float factor, int n) {
  for (int i = 0; i < n; ++i) softmax.sums[i] *= factor;
  softmax.divisor *= factor;
}

/// One page, of whose rows this head has the head_dim values from `first` on: scores first, then one rescale for the whole page, then the values.
template <class Rows>
void attend_page(Softmax& softmax, const float* q, const std::byte* keys, std::uint64_t key_stride,
                 const std::byte* values, std::uint64_t value_stride, int first, int n_tokens, int head_dim,
                 float scale) {
  alignas(64) float scores[kPageTokens];
  float largest = softmax.largest;
  for (int t = 0; t < n_tokens; ++t) {
    scores[t] = scale * dot_key<Rows>(q, keys + static_cast<std::uint64_t>(t) * key_stride, first, head_dim);
    largest = scores[t] > largest ? scores[t] : largest;
  }
  for (int t = n_tokens; t < static_cast<int>(kPageTokens); ++t)
    scores[t] = largest;  // defined, and never used
  for (int t = 0; t < static_cast<int>(kPageTokens); t += kLanes) {
    store(scores + t, exponential(sub(load(scores + t), all(largest))));
  }
  if (largest > softmax.largest) {
    alignas(64) float factor[kLanes];
    store(factor, exponential(all(softmax.largest - largest)));
    scale_sums(softmax, factor[0], head_dim);
    softmax.largest = largest;
  }
  for (int t = 0; t < n_tokens; ++t) {
    softmax.divisor += scores[t];
    add_value<Rows>(softmax.sums, values + static_cast<std::uint64_t>(t) * value_stride, first, scores[t],
                    head_dim);
  }
}

template <class Rows>
void attend_head(const Op& op, const KvView& kv, const StepInputs& inputs, std::uint32_t t,
                 std::uint32_t head, const float* q, float* out) {
  const int head_dim = static_cast<int>(op.head_dim);
  const int first = static_cast<int>(head / (op.n_heads / op.n_kv_heads) * op.head_dim);
  const std::uint32_t n_positions = static_cast<std::uint32_t>(inputs.positions[t]) + 1;
  Softmax softmax;
  for (int i = 0; i < head_dim; ++i) softmax.sums[i] = 0.0F;
  softmax.largest = -__builtin_inff();
  softmax.divisor = 0.0F;
  for (std::uint32_t p = 0; p < n_positions; p += kPageTokens) {
    const std::uint32_t n_tokens = n_positions - p < kPageTokens ? n_positions - p : kPageTokens;
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, t, p));
    attend_page<Rows>(softmax, q, key_row(kv, page, 0), kv_row_bytes(kv.type, kv.k_width),
                      value_row(kv, page, 0), value_row_bytes(kv), first, static_cast<int>(n_tokens),
                      head_dim, op.scale);
  }
  const float factor = 1.0F / softmax.divisor;
  for (int i = 0; i < head_dim; ++i) out[i] = softmax.sums[i] * factor;
}

void attention(const Op& op, const KvView& kv, const StepInputs& inputs, const float* q, float* out,
               std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t item = begin; item < end; ++item) {
    const auto t = static_cast<std::uint32_t>(item / op.n_heads);
    const auto head = static_cast<std::uint32_t>(item % op.n_heads);
    const float* from = q + item * op.head_dim;
    float* to = out + item * op.head_dim;
    switch (kv.type) {
      case KvType::f32: attend_head<FloatRows>(op, kv, inputs, t, head, from, to); break;
      case KvType::f16: attend_head<HalfRows>(op, kv, inputs, t, head, from, to); break;
      case KvType::q8_0: attend_head<BlockRows>(op, kv, inputs, t, head, from, to); break;
    }
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
