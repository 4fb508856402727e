// Attention over the paged cache in vectors; contract at OpKernels::attention. Rows that share keys
// (the query heads of one kv head, over neighbouring tokens of one sequence) read each page
// together, so that a key is loaded once for several. Include only from *_avx2.cpp and *_avx512.cpp
// (see simd.inl.h).
#pragma once

#include "kernels/cpu/op_kernels.h"
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

constexpr int kPage = static_cast<int>(kPageTokens);
constexpr int kRowsTogether = kLanes == 16 ? 4 : 2;  ///< query rows whose sums stay in registers
constexpr int kKeysTogether = 4;

/// Query rows that share their keys, each with its running softmax: sums of exp(score - largest) ·
/// value, and of the shares.
struct QueryRows {
  const float* q[kQueryRows];
  float* out[kQueryRows];
  std::uint32_t n_positions[kQueryRows];
  int n;
  /// Rows are apart by no power of two: they would share cache sets.
  alignas(64) float sums[kQueryRows][kMaxHeadDim + 16];
  /// Of the current page: scores first, then their exponentials.
  alignas(64) float shares[kQueryRows][kPage];
  float largest[kQueryRows];
  float divisor[kQueryRows];
  float rescale[kQueryRows];  ///< of the sums over earlier pages
};

/// The keys or the values of one page, of whose rows this kv head has head_dim values from `column`
/// on.
struct PageRows {
  const std::byte* first;
  std::uint64_t stride;
  int column;
  int n;  ///< tokens that any of the rows sees
  [[nodiscard]] BLUE_SIMD const std::byte* at(int t) const {
    return first + static_cast<std::uint64_t>(t) * stride;
  }
};

/// How many of a head's values can be read in vectors: all whole ones, or none where they begin in
/// the middle of one.
template <class Rows>
BLUE_SIMD int n_in_vectors(const PageRows& page, int head_dim) {
  return page.column % Rows::kAlignment == 0 ? head_dim / kLanes * kLanes : 0;
}

BLUE_SIMD __m128 sums_of_four(Vec a, Vec b, Vec c, Vec d) {
  const __m256 four =
      _mm256_hadd_ps(_mm256_hadd_ps(fold(a), fold(b)), _mm256_hadd_ps(fold(c), fold(d)));
  return _mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps(four, 1));
}

/// to[q][k] = sum of the lanes of products[q][k].
template <int kRows>
BLUE_SIMD void store_sums(const Vec (&products)[kRows][kKeysTogether], float (*to)[kPage]) {
#if defined(__AVX512F__)
  if constexpr (kRows == 4) {
    // Sixteen sums in one vector: quarters change places until each 128-bit lane belongs to one
    // row, then inside lanes.
    __m512 lanes[4];
    BLUE_UNROLL
    for (int k = 0; k < 4; ++k) {
      const auto halves = [](__m512 a, __m512 b) BLUE_SIMD_LAMBDA {
        return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
      };
      const __m512 even = halves(products[0][k], products[1][k]);
      const __m512 odd = halves(products[2][k], products[3][k]);
      lanes[k] = _mm512_add_ps(_mm512_shuffle_f32x4(even, odd, 0x88),
                               _mm512_shuffle_f32x4(even, odd, 0xdd));
    }
    const __m512 a = _mm512_add_ps(_mm512_unpacklo_ps(lanes[0], lanes[1]),
                                   _mm512_unpackhi_ps(lanes[0], lanes[1]));
    const __m512 b = _mm512_add_ps(_mm512_unpacklo_ps(lanes[2], lanes[3]),
                                   _mm512_unpackhi_ps(lanes[2], lanes[3]));
    const __m512d c = _mm512_castps_pd(a);
    const __m512d d = _mm512_castps_pd(b);
    const __m512 sums = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(c, d)),
                                      _mm512_castpd_ps(_mm512_unpackhi_pd(c, d)));
    _mm_storeu_ps(to[0], _mm512_extractf32x4_ps(sums, 0));
    _mm_storeu_ps(to[1], _mm512_extractf32x4_ps(sums, 1));
    _mm_storeu_ps(to[2], _mm512_extractf32x4_ps(sums, 2));
    _mm_storeu_ps(to[3], _mm512_extractf32x4_ps(sums, 3));
    return;
  }
#endif
  BLUE_UNROLL
  for (int q = 0; q < kRows; ++q)
    _mm_storeu_ps(to[q],
                  sums_of_four(products[q][0], products[q][1], products[q][2], products[q][3]));
}

/// Scores of kRows rows from `row` on with every key of the page. Up to three tokens behind its
/// last are read too, which are in the page, and never used.
template <class Rows, int kRows>
BLUE_SIMD void score_rows(QueryRows& rows, int row, const PageRows& keys, int head_dim) {
  static_assert(kPage % kKeysTogether == 0);
  const int in_vectors = n_in_vectors<Rows>(keys, head_dim);
  for (int t = 0; t < keys.n; t += kKeysTogether) {
    Vec products[kRows][kKeysTogether];
    BLUE_UNROLL
    for (int q = 0; q < kRows; ++q) {
      BLUE_UNROLL
      for (int k = 0; k < kKeysTogether; ++k) products[q][k] = zero();
    }
    int i = 0;
    for (; i < in_vectors; i += kLanes) {
      Vec key[kKeysTogether];
      BLUE_UNROLL
      for (int k = 0; k < kKeysTogether; ++k) key[k] = Rows::at(keys.at(t + k), keys.column + i);
      BLUE_UNROLL
      for (int q = 0; q < kRows; ++q) {
        const Vec x = load(rows.q[row + q] + i);
        BLUE_UNROLL
        for (int k = 0; k < kKeysTogether; ++k) products[q][k] = mul_add(x, key[k], products[q][k]);
      }
    }
    store_sums<kRows>(products, reinterpret_cast<float(*)[kPage]>(&rows.shares[row][t]));
    for (; i < head_dim; ++i) {
      for (int q = 0; q < kRows; ++q) {
        for (int k = 0; k < kKeysTogether; ++k)
          rows.shares[row + q][t + k] +=
              rows.q[row + q][i] * Rows::one(keys.at(t + k), keys.column + i);
      }
    }
  }
}

/// Turns the scores of one row into shares; `n` of the page's tokens are the row's to see, possibly
/// none.
BLUE_SIMD void weigh_row(QueryRows& rows, int row, int n, float scale) {
  float* shares = rows.shares[row];
  float largest = rows.largest[row];
  for (int t = 0; t < n; ++t) {
    shares[t] *= scale;
    largest = shares[t] > largest ? shares[t] : largest;
  }
  for (int t = n; t < kPage; ++t) shares[t] = largest;  // defined, and overwritten below
  alignas(64) float factor[kLanes];
  store(factor, exponential(all(rows.largest[row] - largest)));
  rows.rescale[row] = largest > rows.largest[row] ? factor[0] : 1.0F;
  rows.largest[row] = largest;
  Vec sum = zero();
  for (int t = 0; t < kPage; t += kLanes) {
    Vec x = exponential(sub(load(shares + t), all(largest)));
    const int left = n - t < 0 ? 0 : n - t < kLanes ? n - t : kLanes;
    store(shares + t, x);
    for (int i = left; i < kLanes; ++i) shares[t + i] = 0.0F;
    sum = add(sum, load(shares + t));
  }
  rows.divisor[row] = rows.divisor[row] * rows.rescale[row] + sum_of_lanes(sum);
}

/// kVectors vectors of kRows rows' sums: rescaled, then shares times values added.
template <class Rows, int kRows, int kVectors>
BLUE_SIMD void add_columns(QueryRows& rows, int row, const PageRows& values, int column) {
  Vec sums[kRows][kVectors];
  BLUE_UNROLL
  for (int q = 0; q < kRows; ++q) {
    const Vec rescale = all(rows.rescale[row + q]);
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v)
      sums[q][v] = mul(load(rows.sums[row + q] + column + v * kLanes), rescale);
  }
  for (int t = 0; t < values.n; ++t) {
    Vec value[kVectors];
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v)
      value[v] = Rows::at(values.at(t), values.column + column + v * kLanes);
    BLUE_UNROLL
    for (int q = 0; q < kRows; ++q) {
      const Vec share = all(rows.shares[row + q][t]);
      BLUE_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[q][v] = mul_add(share, value[v], sums[q][v]);
    }
  }
  BLUE_UNROLL
  for (int q = 0; q < kRows; ++q) {
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v) store(rows.sums[row + q] + column + v * kLanes, sums[q][v]);
  }
}

template <class Rows, int kRows>
BLUE_SIMD void add_values(QueryRows& rows, int row, const PageRows& values, int head_dim) {
  const int in_vectors = n_in_vectors<Rows>(values, head_dim);
  int column = 0;
  for (; column + 4 * kLanes <= in_vectors; column += 4 * kLanes)
    add_columns<Rows, kRows, 4>(rows, row, values, column);
  for (; column < in_vectors; column += kLanes)
    add_columns<Rows, kRows, 1>(rows, row, values, column);
  for (; column < head_dim; ++column) {
    for (int q = row; q < row + kRows; ++q) {
      rows.sums[q][column] *= rows.rescale[q];
      for (int t = 0; t < values.n; ++t)
        rows.sums[q][column] += rows.shares[q][t] * Rows::one(values.at(t), values.column + column);
    }
  }
}

/// All rows through one page that begins at position `first`.
template <class Rows>
void attend_page(QueryRows& rows, const PageRows& keys, const PageRows& values, std::uint32_t first,
                 int head_dim, float scale) {
  int row = 0;
  for (; row + kRowsTogether <= rows.n; row += kRowsTogether)
    score_rows<Rows, kRowsTogether>(rows, row, keys, head_dim);
  for (; row < rows.n; ++row) score_rows<Rows, 1>(rows, row, keys, head_dim);
  for (row = 0; row < rows.n; ++row) {
    const std::uint32_t seen = rows.n_positions[row] > first ? rows.n_positions[row] - first : 0;
    weigh_row(rows, row, seen < kPageTokens ? static_cast<int>(seen) : kPage, scale);
  }
  for (row = 0; row + kRowsTogether <= rows.n; row += kRowsTogether)
    add_values<Rows, kRowsTogether>(rows, row, values, head_dim);
  for (; row < rows.n; ++row) add_values<Rows, 1>(rows, row, values, head_dim);
}

/// Rows of one sequence (that of token `t`) and one kv head through all their pages.
template <class Rows>
void attend_rows(const Op& op, const KvView& kv, const StepInputs& inputs, std::uint32_t t,
                 std::uint32_t kv_head, QueryRows& rows) {
  const int head_dim = static_cast<int>(op.head_dim);
  const int column = static_cast<int>(kv_head * op.head_dim);
  std::uint32_t longest = 0;
  for (int row = 0; row < rows.n; ++row) {
    for (int i = 0; i < head_dim; ++i) rows.sums[row][i] = 0.0F;
    rows.largest[row] = -__builtin_inff();
    rows.divisor[row] = 0.0F;
    longest = rows.n_positions[row] > longest ? rows.n_positions[row] : longest;
  }
  for (std::uint32_t p = 0; p < longest; p += kPageTokens) {
    const int n = longest - p < kPageTokens ? static_cast<int>(longest - p) : kPage;
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, t, p));
    attend_page<Rows>(rows, {key_row(kv, page, 0), Rows::row_bytes(kv.k_width), column, n},
                      {value_row(kv, page, 0), Rows::row_bytes(kv.v_width), column, n}, p, head_dim,
                      op.scale);
  }
  for (int row = 0; row < rows.n; ++row) {
    const float factor = 1.0F / rows.divisor[row];
    for (int i = 0; i < head_dim; ++i) rows.out[row][i] = rows.sums[row][i] * factor;
  }
}

/// The query heads of one kv head for tokens [begin, end), which are one sequence's.
void attend_tokens(const Op& op, const KvView& kv, const StepInputs& inputs,
                   const AttentionPart& part, QueryRows& rows, const float* q, float* out) {
  const std::uint32_t group = op.n_heads / op.n_kv_heads;
  const std::uint32_t n_rows = (part.end - part.begin) * group;
  for (std::uint32_t first = 0; first < n_rows; first += kQueryRows) {
    rows.n = n_rows - first < kQueryRows ? static_cast<int>(n_rows - first) : kQueryRows;
    for (int row = 0; row < rows.n; ++row) {
      const std::uint32_t at = first + static_cast<std::uint32_t>(row);
      const std::uint32_t t = part.begin + at / group;
      const std::uint64_t head = std::uint64_t{t} * op.n_heads + part.kv_head * group + at % group;
      rows.q[row] = q + head * op.head_dim;
      rows.out[row] = out + head * op.head_dim;
      rows.n_positions[row] = static_cast<std::uint32_t>(inputs.positions[t]) + 1;
    }
    switch (kv.type) {
      case KvType::f32:
        attend_rows<FloatRows>(op, kv, inputs, part.begin, part.kv_head, rows);
        break;
      case KvType::f16:
        attend_rows<HalfRows>(op, kv, inputs, part.begin, part.kv_head, rows);
        break;
      case KvType::q8_0:
        attend_rows<BlockRows>(op, kv, inputs, part.begin, part.kv_head, rows);
        break;
    }
  }
}

void attention(const Op& op, const KvView& kv, const StepInputs& inputs, const float* q, float* out,
               const AttentionPart& part) {
  QueryRows rows;
  std::uint32_t begin = part.begin;
  while (begin < part.end) {
    std::uint32_t end = begin + 1;
    while (end < part.end && inputs.sequences[end] == inputs.sequences[begin]) ++end;
    attend_tokens(op, kv, inputs, {begin, end, part.kv_head}, rows, q, out);
    begin = end;
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
