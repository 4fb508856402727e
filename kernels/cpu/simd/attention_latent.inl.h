// Attention of many heads over one cached row per token; contract at OpKernels::attention_latent.
// Heads of a token and of its neighbours read the cache together, a page at a time: dot
// products of all queries with all rows, then all rows' values into all queries' sums, both in
// blocks that fill the registers, of parts that stay in the first cache. Include only from
// *_avx2.cpp and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/op_kernels.h"
#include "kernels/cpu/simd/cached_rows.inl.h"
#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

/// Vectors of a value that are summed at once, times kDotQueries queries.
constexpr int kValueVectors = kLanes == 16 ? 4 : 2;
static_assert(kLatentQueries % kDotQueries == 0 && kPageTokens % kLanes == 0);

/// Some heads of tokens of one sequence, each with its running softmax. There are n of them; up to
/// the next multiple of kDotQueries the first is repeated, and its results are not read.
struct LatentQueries {
  int n = 0;
  int n_padded = 0;
  const float* q[kLatentQueries];
  float* out[kLatentQueries];
  /// Positions that the query attends to, of those that are listed.
  std::uint32_t n_visible[kLatentQueries];
  float largest[kLatentQueries];
  float divisor[kLatentQueries];
  alignas(64) float shares[kLatentQueries][kPageTokens];
  alignas(64) float sums[kLatentQueries][kRowStride];
};

/// Makes shares of one query's dot products with the first n rows and rescales what was summed
/// before; the other rows' are 0.
void share_out(LatentQueries& queries, int i, int n, float scale, int value_dim) {
  constexpr int kRows = static_cast<int>(kPageTokens);
  float* shares = queries.shares[i];
  for (int r = 0; r < kRows; r += kLanes) store(shares + r, mul(load(shares + r), all(scale)));
  for (int r = n; r < kRows; ++r) shares[r] = -__builtin_inff();
  Vec highest = all(queries.largest[i]);
  for (int r = 0; r < kRows; r += kLanes) highest = greatest(highest, load(shares + r));
  const float largest = largest_of_lanes(highest);
  for (int r = 0; r < kRows; r += kLanes) {
    store(shares + r, exponential(sub(load(shares + r), all(largest))));
  }
  for (int r = n; r < kRows; ++r) shares[r] = 0.0F;
  Vec sum = zero();
  for (int r = 0; r < kRows; r += kLanes) sum = add(sum, load(shares + r));
  if (largest > queries.largest[i]) {
    alignas(64) float factor[kLanes];
    store(factor, exponential(all(queries.largest[i] - largest)));
    const Vec less = all(factor[0]);
    for (int c = 0; c < value_dim; c += kLanes)
      store(queries.sums[i] + c, mul(load(queries.sums[i] + c), less));
    queries.divisor[i] *= factor[0];
    queries.largest[i] = largest;
  }
  queries.divisor[i] += sum_of_lanes(sum);
}

/// sums[i] += Σ_r shares[i][r] · row r over kVectors vectors from column c on, for kDotQueries
/// queries.
template <int kVectors, class LoadAt>
BLUE_SIMD void add_block(LatentQueries& queries, int first, const CachedRows& cached, int c,
                         LoadAt load_at) {
  Vec sums[kDotQueries][kVectors];
  BLUE_UNROLL
  for (int i = 0; i < kDotQueries; ++i) {
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v) sums[i][v] = load(queries.sums[first + i] + c + v * kLanes);
  }
  for (int r = 0; r < cached.n; ++r) {
    Vec values[kVectors];
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v) values[v] = load_at(cached.rows[r] + c + v * kLanes);
    BLUE_UNROLL
    for (int i = 0; i < kDotQueries; ++i) {
      const Vec share = all(queries.shares[first + i][r]);
      BLUE_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[i][v] = mul_add(share, values[v], sums[i][v]);
    }
  }
  BLUE_UNROLL
  for (int i = 0; i < kDotQueries; ++i) {
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v) store(queries.sums[first + i] + c + v * kLanes, sums[i][v]);
  }
}

/// The first value_dim values of all rows, into all queries: some columns of the rows stay in the
/// first cache for them.
void add_values(LatentQueries& queries, const CachedRows& cached, int value_dim) {
  const auto whole = [](const float* from) BLUE_SIMD_LAMBDA { return load(from); };
  int c = 0;
  for (; c + kValueVectors * kLanes <= value_dim; c += kValueVectors * kLanes) {
    for (int i = 0; i < queries.n_padded; i += kDotQueries)
      add_block<kValueVectors>(queries, i, cached, c, whole);
  }
  for (; c < value_dim; c += kLanes) {
    // The sums are padded behind the end, the row is not.
    const int left = value_dim - c < kLanes ? value_dim - c : kLanes;
    const auto part = [left](const float* from) BLUE_SIMD_LAMBDA { return load_first(from, left); };
    for (int i = 0; i < queries.n_padded; i += kDotQueries)
      add_block<1>(queries, i, cached, c, part);
  }
}

/// The rows that are cached, of which the first is the sequence's (or the list's) `first`.
void attend_rows(LatentQueries& queries, const Op& op, CachedRows& cached, std::uint32_t first) {
  const int value_dim = static_cast<int>(op.value_dim);
  dot_rows(queries.q, queries.n_padded, cached, static_cast<int>(op.head_dim), queries.shares);
  for (int i = 0; i < queries.n_padded; ++i) {
    const std::uint32_t n_visible = queries.n_visible[i] > first ? queries.n_visible[i] - first : 0;
    const int n =
        n_visible < static_cast<std::uint32_t>(cached.n) ? static_cast<int>(n_visible) : cached.n;
    share_out(queries, i, n, op.scale, value_dim);
  }
  add_values(queries, cached, value_dim);
}

/// The queries of tokens [begin, end), which are one sequence's.
void gather_queries(LatentQueries& queries, const Op& op, const StepInputs& inputs,
                    const LatentPart& part, std::uint32_t begin, std::uint32_t end) {
  queries.n = 0;
  for (std::uint32_t t = begin; t < end; ++t) {
    for (std::uint32_t h = part.head; h < part.head + part.n_heads; ++h) {
      const std::uint64_t at = std::uint64_t{t} * op.n_heads + h;
      queries.q[queries.n] = part.q + at * op.head_dim;
      queries.out[queries.n] = part.out + at * op.value_dim;
      queries.n_visible[queries.n++] =
          part.chosen == nullptr ? static_cast<std::uint32_t>(inputs.positions[t]) + 1 : op.top_k;
    }
  }
  queries.n_padded = (queries.n + kDotQueries - 1) / kDotQueries * kDotQueries;
  for (int i = queries.n; i < queries.n_padded; ++i) {
    queries.q[i] = queries.q[0];
    queries.n_visible[i] = queries.n_visible[0];
  }
  for (int i = 0; i < queries.n_padded; ++i) {
    for (int c = 0; c < static_cast<int>(op.value_dim); c += kLanes)
      store(queries.sums[i] + c, zero());
    queries.largest[i] = -__builtin_inff();
    queries.divisor[i] = 0.0F;
  }
}

void attend_tokens(LatentQueries& queries, const Op& op, const KvView& kv, const StepInputs& inputs,
                   const LatentPart& part, std::uint32_t token) {
  std::uint32_t n_listed = 0;
  for (int i = 0; i < queries.n; ++i)
    n_listed = n_listed < queries.n_visible[i] ? queries.n_visible[i] : n_listed;
  CachedRows cached;
  std::uint32_t i = 0;
  for (; i < n_listed; ++i) {
    if (part.chosen != nullptr && part.chosen[i] < 0.0F) break;
    const std::uint32_t p = part.chosen == nullptr ? i : static_cast<std::uint32_t>(part.chosen[i]);
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, token, p));
    add_row(cached, kv.type, key_row(kv, page, p % kPageTokens), static_cast<int>(op.head_dim));
    if (cached.n < static_cast<int>(kPageTokens)) continue;
    attend_rows(queries, op, cached, i + 1 - kPageTokens);
    cached.n = 0;
  }
  if (cached.n > 0) attend_rows(queries, op, cached, i - static_cast<std::uint32_t>(cached.n));
  for (int q = 0; q < queries.n; ++q) {
    const float factor = 1.0F / queries.divisor[q];
    for (std::uint32_t c = 0; c < op.value_dim; ++c)
      queries.out[q][c] = queries.sums[q][c] * factor;
  }
}

void attention_latent(const Op& op, const KvView& kv, const StepInputs& inputs,
                      const LatentPart& part) {
  LatentQueries queries;
  std::uint32_t begin = part.begin;
  while (begin < part.end) {
    std::uint32_t end = begin + 1;
    while (end < part.end && inputs.sequences[end] == inputs.sequences[begin]) ++end;
    gather_queries(queries, op, inputs, part, begin, end);
    attend_tokens(queries, op, kv, inputs, part, begin);
    begin = end;
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
