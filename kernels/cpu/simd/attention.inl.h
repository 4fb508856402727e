// Attention over the paged cache; contract at OpKernels::attention. Few query rows of a kv head (a
// token or two: memory sets the pace) take the rows of the cache as they lie, all kv heads of a
// page before the next page, values prefetched; many go in tiles. Include only from *_avx2.cpp
// and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/op_kernels.h"
#include "kernels/cpu/simd/attention_rows.inl.h"
#include "kernels/cpu/simd/cache_values.inl.h"
#include "kernels/cpu/simd/simd.inl.h"
#include "kernels/kv_rows.h"
#include "kernels/op.h"

namespace blue::kernels::cpu {
namespace {

constexpr int kPage = static_cast<int>(kPageTokens);
constexpr int kRowsTogether = kLanes == 16 ? 4 : 2;  ///< query rows whose sums stay in registers
constexpr int kKeysTogether = 4;
constexpr int kFewRows = 8;       ///< of one kv head: more go in tiles
constexpr int kFewHeadRows = 64;  ///< of all kv heads of a part
constexpr std::uint32_t kFewSums = kFewHeadRows * (kMaxHeadDim + kPadding);

/// The rows of a part, kv head by kv head, each with its running softmax.
struct FewQueries {
  int n;  ///< rows of one kv head
  int n_heads;
  std::uint32_t n_visible[kFewRows];  ///< positions that a row of any kv head attends to
  int n_seen[kFewRows];               ///< of the page
  const float* q[kFewHeadRows];
  Softmax softmax[kFewHeadRows];
  alignas(64) float shares[kFewRows][kPage];  ///< of one kv head and page
  alignas(64) float sums[kFewSums];           ///< [n_heads · n, head_dim + kPadding]
};

/// The keys or the values of one page, of whose rows a kv head has those from `column` on.
struct PageRows {
  const std::byte* first;
  std::uint64_t stride;
  int column;
  int n;  ///< tokens that any of the rows sees
  [[nodiscard]] BLUE_SIMD const std::byte* at(int t) const {
    return first + static_cast<std::uint64_t>(t) * stride;
  }
};

/// One kv head's part of row t, into the first cache; `page` may be null.
template <class Rows>
BLUE_SIMD void prefetch_row(const PageRows& page, int t, int head_dim) {
  if (page.first == nullptr) return;
  const std::byte* from = page.at(t) + Rows::row_bytes(static_cast<std::uint64_t>(page.column));
  const auto n = static_cast<std::ptrdiff_t>(Rows::row_bytes(static_cast<std::uint64_t>(head_dim)));
  for (std::ptrdiff_t i = 0; i < n; i += 64)
    _mm_prefetch(reinterpret_cast<const char*>(from + i), _MM_HINT_T0);
}

BLUE_SIMD __m128 sums_of_four(Vec a, Vec b, Vec c, Vec d) {
  const __m256 four =
      _mm256_hadd_ps(_mm256_hadd_ps(fold(a), fold(b)), _mm256_hadd_ps(fold(c), fold(d)));
  return _mm_add_ps(_mm256_castps256_ps128(four), _mm256_extractf128_ps(four, 1));
}

/// to[q · kPage + k] = sum of the lanes of products[q][k].
template <int kRows>
BLUE_SIMD void store_sums(const Vec (&products)[kRows][kKeysTogether], float* to) {
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
    _mm_storeu_ps(to, _mm512_extractf32x4_ps(sums, 0));
    _mm_storeu_ps(to + 1 * kPage, _mm512_extractf32x4_ps(sums, 1));
    _mm_storeu_ps(to + 2 * kPage, _mm512_extractf32x4_ps(sums, 2));
    _mm_storeu_ps(to + 3 * kPage, _mm512_extractf32x4_ps(sums, 3));
    return;
  }
#endif
  BLUE_UNROLL
  for (int q = 0; q < kRows; ++q)
    _mm_storeu_ps(to + q * kPage,
                  sums_of_four(products[q][0], products[q][1], products[q][2], products[q][3]));
}

/// Scores of kRows rows with every key of the page; what follows is prefetched in step. Up to three
/// tokens behind its last are read too, which are in the page, and never used.
template <class Rows, int kRows>
BLUE_SIMD void score_rows(const float* const* q, float* shares, const PageRows& keys, int head_dim,
                          float scale, const PageRows& next) {
  static_assert(kPage % kKeysTogether == 0);
  const int in_vectors = n_in_vectors<Rows>(keys.column, head_dim);
  for (int t = 0; t < keys.n; t += kKeysTogether) {
    for (int k = t; k < t + kKeysTogether; ++k) prefetch_row<Rows>(next, k, head_dim);
    Vec products[kRows][kKeysTogether];
    BLUE_UNROLL
    for (int r = 0; r < kRows; ++r) {
      BLUE_UNROLL
      for (int k = 0; k < kKeysTogether; ++k) products[r][k] = zero();
    }
    int i = 0;
    for (; i < in_vectors; i += kLanes) {
      Vec key[kKeysTogether];
      BLUE_UNROLL
      for (int k = 0; k < kKeysTogether; ++k) key[k] = Rows::at(keys.at(t + k), keys.column + i);
      BLUE_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const Vec x = load(q[r] + i);
        BLUE_UNROLL
        for (int k = 0; k < kKeysTogether; ++k) products[r][k] = mul_add(x, key[k], products[r][k]);
      }
    }
    store_sums<kRows>(products, shares + t);
    for (; i < head_dim; ++i) {
      for (int r = 0; r < kRows; ++r) {
        for (int k = 0; k < kKeysTogether; ++k)
          shares[r * kPage + t + k] += q[r][i] * Rows::one(keys.at(t + k), keys.column + i);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int t = 0; t < keys.n; t += kLanes)
      store(shares + r * kPage + t, mul(load(shares + r * kPage + t), all(scale)));
  }
}

/// kVectors vectors of kRows rows' sums: rescaled, then shares times values added.
template <class Rows, int kRows, int kVectors>
BLUE_SIMD void add_row_columns(const float* shares, const Softmax* softmax, const PageRows& values,
                               int column, float* sums, std::ptrdiff_t stride) {
  Vec to[kRows][kVectors];
  BLUE_UNROLL
  for (int r = 0; r < kRows; ++r) {
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v)
      to[r][v] = mul(load(sums + r * stride + column + v * kLanes), all(softmax[r].rescale));
  }
  for (int t = 0; t < values.n; ++t) {
    Vec value[kVectors];
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v)
      value[v] = Rows::at(values.at(t), values.column + column + v * kLanes);
    BLUE_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const Vec share = all(shares[r * kPage + t]);
      BLUE_UNROLL
      for (int v = 0; v < kVectors; ++v) to[r][v] = mul_add(share, value[v], to[r][v]);
    }
  }
  BLUE_UNROLL
  for (int r = 0; r < kRows; ++r) {
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v) store(sums + r * stride + column + v * kLanes, to[r][v]);
  }
}

template <class Rows, int kRows>
BLUE_SIMD void add_rows(const float* shares, const Softmax* softmax, const PageRows& values,
                        int head_dim, float* sums, std::ptrdiff_t stride) {
  const int in_vectors = n_in_vectors<Rows>(values.column, head_dim);
  int column = 0;
  for (; column + 4 * kLanes <= in_vectors; column += 4 * kLanes)
    add_row_columns<Rows, kRows, 4>(shares, softmax, values, column, sums, stride);
  for (; column < in_vectors; column += kLanes)
    add_row_columns<Rows, kRows, 1>(shares, softmax, values, column, sums, stride);
  for (; column < head_dim; ++column) {
    for (int r = 0; r < kRows; ++r) {
      float& sum = sums[r * stride + column];
      sum *= softmax[r].rescale;
      for (int t = 0; t < values.n; ++t)
        sum += shares[r * kPage + t] * Rows::one(values.at(t), values.column + column);
    }
  }
}

/// One page's keys and values of one kv head.
struct HeadPage {
  PageRows keys;
  PageRows values;
};

/// kRows rows of one kv head, from row `row` on, through one page.
template <class Rows, int kRows>
BLUE_SIMD void attend_few(FewQueries& queries, int head, int row, const HeadPage& page,
                          int head_dim, float scale) {
  const int at = head * queries.n + row;
  const std::ptrdiff_t stride = head_dim + kPadding;
  float* shares = queries.shares[row];
  PageRows next = page.values;
  if (row > 0) next.first = nullptr;
  score_rows<Rows, kRows>(queries.q + at, shares, page.keys, head_dim, scale, next);
  const int n_padded = (page.keys.n + kLanes - 1) / kLanes * kLanes;
  for (int r = 0; r < kRows; ++r)
    weigh(shares + r * kPage, queries.n_seen[row + r], n_padded, queries.softmax[at + r]);
  add_rows<Rows, kRows>(shares, queries.softmax + at, page.values, head_dim,
                        queries.sums + at * stride, stride);
}

template <class Rows>
void attend_head(FewQueries& queries, int head, const HeadPage& page, int head_dim, float scale) {
  int row = 0;
  for (; row + kRowsTogether <= queries.n; row += kRowsTogether)
    attend_few<Rows, kRowsTogether>(queries, head, row, page, head_dim, scale);
  for (; row + 2 <= queries.n; row += 2)
    attend_few<Rows, 2>(queries, head, row, page, head_dim, scale);
  for (; row < queries.n; ++row) attend_few<Rows, 1>(queries, head, row, page, head_dim, scale);
}

/// Returns the end of the positions that any row sees.
std::uint32_t gather_few(FewQueries& queries, const AttentionPart& part, const StepInputs& inputs) {
  queries.n = static_cast<int>(part.end_row - part.first_row);
  queries.n_heads = static_cast<int>(part.n_kv_heads);
  std::uint32_t end = 0;
  for (int r = 0; r < queries.n; ++r) {
    const std::uint32_t row = part.first_row + static_cast<std::uint32_t>(r);
    queries.n_visible[r] = n_visible_to(part, inputs, row);
    end = queries.n_visible[r] > end ? queries.n_visible[r] : end;
    for (std::uint32_t h = 0; h < part.n_kv_heads; ++h) {
      const std::uint32_t at = h * (part.end_row - part.first_row) + static_cast<std::uint32_t>(r);
      queries.q[at] = part.q + head_of(part, part.kv_head + h, row) * part.shape.key_dim;
      queries.softmax[at] = {-__builtin_inff(), 0.0F, 1.0F};
    }
  }
  const auto n_sums =
      static_cast<std::uint32_t>(queries.n * queries.n_heads) * (part.shape.value_dim + kPadding);
  for (std::uint32_t i = 0; i < n_sums; ++i) queries.sums[i] = 0.0F;
  return end < part.end ? end : part.end;
}

/// Few rows of each of some kv heads.
template <class Rows>
void attend_few_rows(const Op& op, const KvView& kv, const StepInputs& inputs,
                     const AttentionPart& part, FewQueries& queries) {
  const int head_dim = static_cast<int>(part.shape.key_dim);
  const std::uint32_t end = gather_few(queries, part, inputs);
  const std::uint64_t key_bytes = Rows::row_bytes(kv.k_width);
  const std::uint64_t value_bytes = Rows::row_bytes(kv.v_width);
  for (std::uint32_t p = part.begin; p < end; p += kPageTokens) {
    const int n = end - p < kPageTokens ? static_cast<int>(end - p) : kPage;
    for (int r = 0; r < queries.n; ++r) {
      const std::uint32_t seen = queries.n_visible[r] > p ? queries.n_visible[r] - p : 0;
      queries.n_seen[r] = seen < static_cast<std::uint32_t>(n) ? static_cast<int>(seen) : n;
    }
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, part.token, p));
    for (int h = 0; h < queries.n_heads; ++h) {
      const int column = (static_cast<int>(part.kv_head) + h) * head_dim;
      attend_head<Rows>(queries, h,
                        {.keys = {key_row(kv, page, 0), key_bytes, column, n},
                         .values = {value_row(kv, page, 0), value_bytes, column, n}},
                        head_dim, op.scale);
    }
  }
  for (int at = 0; at < queries.n * queries.n_heads; ++at) {
    const std::uint32_t row = part.first_row + static_cast<std::uint32_t>(at % queries.n);
    write_result(part,
                 head_of(part, part.kv_head + static_cast<std::uint32_t>(at / queries.n), row),
                 queries.sums + at * (head_dim + kPadding), queries.softmax[at]);
  }
}

template <class Rows>
void attend(const Op& op, const KvView& kv, const StepInputs& inputs, const AttentionPart& part) {
  const auto n_rows = static_cast<int>(part.end_row - part.first_row);
  if (n_rows <= kFewRows && !part.shape.is_value_in_key) {
    FewQueries queries;
    AttentionPart some = part;
    const std::uint32_t step = static_cast<std::uint32_t>(kFewHeadRows / n_rows);
    for (std::uint32_t h = 0; h < part.n_kv_heads; h += step) {
      some.kv_head = part.kv_head + h;
      some.n_kv_heads = part.n_kv_heads - h < step ? part.n_kv_heads - h : step;
      attend_few_rows<Rows>(op, kv, inputs, some, queries);
    }
    return;
  }
  TileQueries queries;
  AttentionTile tile;
  for (std::uint32_t h = 0; h < part.n_kv_heads; ++h)
    attend_in_tiles<Rows>(op, kv, inputs, part, part.kv_head + h, queries, tile);
}

void attention(const Op& op, const KvView& kv, const StepInputs& inputs,
               const AttentionPart& part) {
  switch (kv.type) {
    case KvType::f32: return attend<FloatRows>(op, kv, inputs, part);
    case KvType::f16: return attend<HalfRows>(op, kv, inputs, part);
    case KvType::q8_0: return attend<BlockRows>(op, kv, inputs, part);
  }
}

/// The results of one query over n_ranges ranges become one.
void merge_attention(const float* partials, std::uint32_t n_ranges, std::uint32_t dim, float* out) {
  const std::uint64_t stride = std::uint64_t{dim} + 2;
  float largest = -__builtin_inff();
  for (std::uint32_t i = 0; i < n_ranges; ++i) {
    const float* range = partials + i * stride;
    if (range[dim + 1] > 0.0F) largest = range[dim] > largest ? range[dim] : largest;
  }
  for (std::uint32_t c = 0; c < dim; ++c) out[c] = 0.0F;
  float divisor = 0.0F;
  for (std::uint32_t i = 0; i < n_ranges; ++i) {
    const float* range = partials + i * stride;
    if (range[dim + 1] == 0.0F) continue;  // the query sees none of it
    const float share = first_lane(exponential(all(range[dim] - largest)));
    divisor += share * range[dim + 1];
    for (std::uint32_t c = 0; c < dim; ++c) out[c] += share * range[c];
  }
  for (std::uint32_t c = 0; c < dim; ++c) out[c] /= divisor;
}

}  // namespace
}  // namespace blue::kernels::cpu
