// One row of a quantised weight against few tokens as bytes, read in place: most of the time of
// decoding token by token, bound by memory where unpacking keeps up with it. Include only from
// translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/q8_rows.h"
#include "kernels/cpu/simd/block_i8.inl.h"
#include "kernels/cpu/simd/row_streams.inl.h"

namespace blue::kernels::cpu {
namespace {

constexpr int kDotI8 = kLanes * 4;  ///< bytes of one product

/// How a format's bytes enter dot(): signed only where nothing else is exact.
template <class Block>
constexpr WeightByte kWeightByte =
    !kHasVnni && Block::kOffset == kSignOffset ? WeightByte::s8 : WeightByte::u8;
/// Whether they enter it shifted.
template <class Block>
constexpr bool kIsShifted = Block::kOffset != kNoOffset&& kWeightByte<Block> == WeightByte::u8;

template <class Traits, class From>
BLUE_SIMD __m256i row_operand(const From& from, int g) {
  if constexpr (kWeightByte<BlockI8<Traits>> == WeightByte::s8) return from.bytes(g);
  return from.shifted(g);
}

/// The part-th kDotI8 bytes of a chunk.
template <class Traits>
BLUE_SIMD Ints chunk_operand(const ChunkI8<Traits>& chunk, int part) {
#if defined(__AVX512F__)
  if constexpr (requires { chunk.shifted_pair(part); }) return chunk.shifted_pair(part);
  return join(row_operand<Traits>(chunk, 2 * part), row_operand<Traits>(chunk, 2 * part + 1));
#else
  return row_operand<Traits>(chunk, part);
#endif
}

/// Tokens that a row is multiplied with in one pass, each unpacked part of it with all of them.
constexpr int kDotTokens = kLanes == 16 ? 4 : 2;
/// Sums that grow side by side, as each addition waits for the one before it.
constexpr int kDotChains = 4;

/// The running sums of one weight row against one token. One order of additions whichever rows and
/// tokens go together: a value does not depend on how rows are shared out.
template <int kGroups>
struct RowSums {
  Vec products = blue::kernels::cpu::zero();
  /// Σ scale · sum of its activations, for shifted bytes; and Σ min · the same.
  GroupFloats<kGroups> scales = GroupFloats<kGroups>::zero();
  GroupFloats<kGroups> mins = GroupFloats<kGroups>::zero();

  /// What the chunks give in all.
  template <class Block>
  [[nodiscard]] BLUE_SIMD float total() const {
    const float sum = sum_of_lanes(products);
    if constexpr (!kIsShifted<Block> && !Block::kHasMins) return sum;
    __m256 less = _mm256_setzero_ps();
    if constexpr (kIsShifted<Block>)
      less = _mm256_mul_ps(scales.folded(), _mm256_set1_ps(static_cast<float>(Block::kOffset)));
    if constexpr (Block::kHasMins) less = _mm256_add_ps(less, mins.folded());
    return sum - sum_of_eight(less);
  }
};

/// kChunkValues values times the activations from group 8 · `chunk` on.
template <class Traits, int kGroups, int kTokens>
BLUE_SIMD void add_chunk(RowSums<kGroups> (&sums)[kTokens],
                         const typename Traits::QuantBlock* blocks, const Q8Row (&x)[kTokens],
                         std::uint64_t chunk) {
  using Block = BlockI8<Traits>;
  using Floats = GroupFloats<kGroups>;
  const ChunkI8<Traits> weights(blocks);
  const Floats scales = weights.scales();
  Floats factors[kTokens];
  BLUE_UNROLL
  for (int t = 0; t < kTokens; ++t) {
    Floats x_scales, x_sums;
    if constexpr (kGroups == 8) {
      x_scales = Floats::load(x[t].scales + 8 * chunk);
      x_sums = Floats::load(x[t].sums + 8 * chunk);
    } else {
      x_scales = Floats::load_twice(x[t].scales + 8 * chunk);
      x_sums = Floats::load(x[t].half_sums + 16 * chunk);
    }
    factors[t] = scales.times(x_scales);
    if constexpr (kIsShifted<Block>) sums[t].scales = sums[t].scales.plus(scales, x_sums);
    if constexpr (Block::kHasMins) sums[t].mins = sums[t].mins.plus(weights.mins(), x_sums);
  }
  BLUE_UNROLL
  for (int part = 0; part < kChunkValues / kDotI8; ++part) {
    const Ints operand = chunk_operand<Traits>(weights, part);
    BLUE_UNROLL
    for (int t = 0; t < kTokens; ++t) {
      const std::int8_t* values = x[t].values + kChunkValues * chunk;
      const Ints ints =
          dot<kWeightByte<Block>>(no_ints(), operand, load_ints(values + kDotI8 * part));
      sums[t].products = mul_add(to_floats(ints), factors_of(factors[t], part), sums[t].products);
    }
  }
}

/// What is left of a row behind its last chunk, in blocks of fewer than kChunkValues values.
struct RestSums {
  __m256 products = _mm256_setzero_ps();
  float less = 0.0F;  ///< offsets and minimums
};

template <class Traits>
BLUE_SIMD void add_block(RestSums& sums, const typename Traits::QuantBlock* from, const Q8Row& x,
                         std::uint64_t first_group) {
  using Block = BlockI8<Traits>;
  constexpr int kSubgroups = 32 / Traits::kGroup;
  const Block block(from);
  for (int g = 0; g < Traits::kValues / 32; ++g) {
    const std::uint64_t at = first_group + static_cast<std::uint64_t>(g);
    const __m256i ints = dot_of_32<kWeightByte<Block>>(row_operand<Traits>(block, g),
                                                       load_32_bytes(x.values + at * kQ8Group));
    const auto factor_of = [&](int half) BLUE_SIMD_LAMBDA {
      return _mm_set1_ps(block.scale(g * kSubgroups + half * (kSubgroups - 1)) * x.scales[at]);
    };
    const __m256 factors = _mm256_set_m128(factor_of(1), factor_of(0));
    sums.products = _mm256_fmadd_ps(_mm256_cvtepi32_ps(ints), factors, sums.products);
    for (int s = 0; s < kSubgroups; ++s) {
      const float sum =
          kSubgroups == 1 ? x.sums[at] : x.half_sums[2 * at + static_cast<std::uint64_t>(s)];
      const int i = g * kSubgroups + s;
      if constexpr (kIsShifted<Block>)
        sums.less += static_cast<float>(Block::kOffset) * block.scale(i) * sum;
      if constexpr (Block::kHasMins) sums.less += block.min(i) * sum;
    }
  }
}

/// out[r][t] = row r · x[t], for kRows rows, each `apart` bytes behind the one before.
template <class Traits, int kRows, int kTokens>
void dot_i8(const std::byte* first, std::uint64_t apart, const Q8Row (&x)[kTokens],
            std::uint64_t cols, float (&out)[kRows][kTokens]) {
  constexpr std::uint64_t kBlocks = kChunkValues / Traits::kValues;
  using Block = typename Traits::QuantBlock;
  const std::uint64_t n_chunks = cols / kChunkValues;
  const auto blocks_of = [&](int row) BLUE_SIMD_LAMBDA {
    return reinterpret_cast<const Block*>(first + static_cast<std::uint64_t>(row) * apart);
  };
  RowSums<kChunkValues / Traits::kGroup> sums[kRows][kTokens];
  for (std::uint64_t c = 0; c < n_chunks; ++c) {
    BLUE_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const Block* blocks = blocks_of(r) + c * kBlocks;
      fetch_ahead<kBlocks * sizeof(Block)>(blocks);
      add_chunk<Traits>(sums[r], blocks, x, c);
    }
  }
  BLUE_UNROLL
  for (int r = 0; r < kRows; ++r) {
    BLUE_UNROLL
    for (int t = 0; t < kTokens; ++t) {
      out[r][t] = sums[r][t].template total<BlockI8<Traits>>();
      if constexpr (kBlocks > 1) {
        RestSums rest;
        for (std::uint64_t b = n_chunks * kBlocks; b < cols / Traits::kValues; ++b)
          add_block<Traits>(rest, blocks_of(r) + b, x[t], b * (Traits::kValues / 32));
        out[r][t] += sum_of_eight(rest.products) - rest.less;
      }
    }
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
