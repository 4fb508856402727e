// Attention of many heads over one cached row per token; contract at OpKernels::attention_latent.
// Include only from *_avx2.cpp and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/cached_rows.inl.h"
#include "kernels/cpu/op_kernels.h"
#include "kernels/cpu/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

/// Heads in registers at once: four times two rows of sums fit the 16 registers of AVX2.
constexpr int kTileHeads = 4;

/// The running softmax of some heads.
struct LatentSoftmax {
  alignas(64) float sums[kLatentHeads][kMaxLatentDim];
  alignas(64) float shares[kLatentHeads][kPageTokens];
  float largest[kLatentHeads];
  float divisor[kLatentHeads];
};

/// Makes shares of one head's dot products with n rows and rescales what was summed before.
void share_out(LatentSoftmax& softmax, int head, int n, float scale, int value_dim) {
  float* shares = softmax.shares[head];
  float largest = softmax.largest[head];
  for (int r = 0; r < n; ++r) {
    shares[r] *= scale;
    largest = shares[r] > largest ? shares[r] : largest;
  }
  for (int r = n; r < static_cast<int>(kPageTokens); ++r) shares[r] = largest;  // defined, and never used
  for (int r = 0; r < static_cast<int>(kPageTokens); r += kLanes) {
    store(shares + r, exponential(sub(load(shares + r), all(largest))));
  }
  if (largest > softmax.largest[head]) {
    alignas(64) float factor[kLanes];
    store(factor, exponential(all(softmax.largest[head] - largest)));
    for (int c = 0; c < value_dim; ++c) softmax.sums[head][c] *= factor[0];
    softmax.divisor[head] *= factor[0];
    softmax.largest[head] = largest;
  }
  for (int r = 0; r < n; ++r) softmax.divisor[head] += shares[r];
}

/// sums[h] += Σ_r shares[h][r] · the first value_dim values of row r, for kHeads heads from `head` on.
template <int kHeads>
void add_values(LatentSoftmax& softmax, int head, const CachedRows& cached, int value_dim) {
  const auto column = [&](int c, auto load_at) BLUE_SIMD_LAMBDA {
    Vec sums[kHeads];
    BLUE_UNROLL
    for (int h = 0; h < kHeads; ++h) sums[h] = load(softmax.sums[head + h] + c);
    for (int r = 0; r < cached.n; ++r) {
      const Vec value = load_at(cached.rows[r] + c);
      BLUE_UNROLL
      for (int h = 0; h < kHeads; ++h) sums[h] = mul_add(all(softmax.shares[head + h][r]), value, sums[h]);
    }
    BLUE_UNROLL
    for (int h = 0; h < kHeads; ++h) store(softmax.sums[head + h] + c, sums[h]);
  };
  int c = 0;
  for (; c + kLanes <= value_dim; c += kLanes) {
    column(c, [](const float* from) BLUE_SIMD_LAMBDA { return load(from); });
  }
  if (c < value_dim) {  // behind the end of the row the sums have room, the row has not
    column(c, [left = value_dim - c](const float* from) BLUE_SIMD_LAMBDA { return load_first(from, left); });
  }
}

template <int kHeads>
void attend_rows(LatentSoftmax& softmax, int head, const Op& op, const float* q, const CachedRows& cached) {
  const int value_dim = static_cast<int>(op.value_dim);
  const float* from = q + static_cast<std::uint64_t>(head) * op.head_dim;
  dot_rows<kHeads>(from, op.head_dim, cached, static_cast<int>(op.head_dim), softmax.shares + head);
  for (int h = 0; h < kHeads; ++h) share_out(softmax, head + h, cached.n, op.scale, value_dim);
  add_values<kHeads>(softmax, head, cached, value_dim);
}

void attend_batch(LatentSoftmax& softmax, const Op& op, const LatentPart& part, const CachedRows& cached) {
  const int n_heads = static_cast<int>(part.n_heads);
  int head = 0;
  for (; head + kTileHeads <= n_heads; head += kTileHeads)
    attend_rows<kTileHeads>(softmax, head, op, part.q, cached);
  for (; head < n_heads; ++head) attend_rows<1>(softmax, head, op, part.q, cached);
}

void attention_latent(const Op& op, const KvView& kv, const StepInputs& inputs, const LatentPart& part) {
  const int value_dim = static_cast<int>(op.value_dim);
  const std::uint32_t n_positions = static_cast<std::uint32_t>(inputs.positions[part.token]) + 1;
  const std::uint32_t n_listed = part.chosen == nullptr ? n_positions : op.top_k;
  LatentSoftmax softmax;
  for (std::uint32_t h = 0; h < part.n_heads; ++h) {
    for (int c = 0; c < value_dim + kLanes && c < static_cast<int>(kMaxLatentDim); ++c)
      softmax.sums[h][c] = 0.0F;
    softmax.largest[h] = -__builtin_inff();
    softmax.divisor[h] = 0.0F;
  }
  CachedRows cached;
  for (std::uint32_t i = 0; i < n_listed; ++i) {
    if (part.chosen != nullptr && part.chosen[i] < 0.0F) break;
    const std::uint32_t p = part.chosen == nullptr ? i : static_cast<std::uint32_t>(part.chosen[i]);
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, part.token, p));
    add_row(cached, kv.type, key_row(kv, page, p % kPageTokens), static_cast<int>(op.head_dim));
    if (cached.n < static_cast<int>(kPageTokens)) continue;
    attend_batch(softmax, op, part, cached);
    cached.n = 0;
  }
  if (cached.n > 0) attend_batch(softmax, op, part, cached);
  for (std::uint32_t h = 0; h < part.n_heads; ++h) {
    const float factor = 1.0F / softmax.divisor[h];
    float* out = part.out + static_cast<std::uint64_t>(h) * op.value_dim;
    for (int c = 0; c < value_dim; ++c) out[c] = softmax.sums[h][c] * factor;
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
