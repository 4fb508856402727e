// One row of a quantised weight against one token as bytes, from where it lies: what decoding token by token is made of, bound by
// memory where unpacking keeps up with it. Include only from translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_rows.h"

namespace blue::kernels::cpu {
namespace {

constexpr int kDotBytes = kLanes * 4;  ///< bytes of one product

/// How a format's bytes enter dot(): with their signs only where nothing else is exact.
template <class Block>
constexpr ByteKind kOperandKind =
    !kHasVnni && Block::kOffset == kSignOffset ? ByteKind::with_sign : ByteKind::unsigned_low;
/// Whether they enter it shifted.
template <class Block>
constexpr bool kIsShifted = Block::kOffset != kNoOffset&& kOperandKind<Block> == ByteKind::unsigned_low;

template <class Traits, class From>
BLUE_SIMD __m256i row_operand(const From& from, int g) {
  if constexpr (kOperandKind<ByteBlock<Traits>> == ByteKind::with_sign) return from.bytes(g);
  return from.shifted(g);
}

/// The part-th kDotBytes bytes of a chunk.
template <class Traits>
BLUE_SIMD Ints chunk_operand(const ByteChunk<Traits>& chunk, int part) {
#if defined(__AVX512F__)
  if constexpr (requires { chunk.shifted_pair(part); }) return chunk.shifted_pair(part);
  return join(row_operand<Traits>(chunk, 2 * part), row_operand<Traits>(chunk, 2 * part + 1));
#else
  return row_operand<Traits>(chunk, part);
#endif
}

/// The running sums of one weight row against one token. Four, because each addition waits for the one before it.
template <int kGroups>
struct RowSums {
  Vec products[4] = {zero(), zero(), zero(), zero()};
  /// Σ scale · sum of its activations, for shifted bytes; and Σ min · the same.
  GroupFloats<kGroups> scales = GroupFloats<kGroups>::zero();
  GroupFloats<kGroups> mins = GroupFloats<kGroups>::zero();
};

/// kChunkValues values, which meet the activations from group 8 · `chunk` on.
template <class Traits, int kGroups>
BLUE_SIMD void add_chunk(RowSums<kGroups>& sums, const typename Traits::Block* blocks, const ByteRow& x,
                         std::uint64_t chunk) {
  using Block = ByteBlock<Traits>;
  using Floats = GroupFloats<kGroups>;
  const ByteChunk<Traits> weights(blocks);
  const Floats scales = weights.scales();
  Floats x_scales, x_sums;
  if constexpr (kGroups == 8) {
    x_scales = Floats::load(x.scales + 8 * chunk);
    x_sums = Floats::load(x.sums + 8 * chunk);
  } else {
    x_scales = Floats::load_twice(x.scales + 8 * chunk);
    x_sums = Floats::load(x.half_sums + 16 * chunk);
  }
  const Floats factors = scales.times(x_scales);
  const std::int8_t* values = x.values + kChunkValues * chunk;
  BLUE_UNROLL
  for (int part = 0; part < kChunkValues / kDotBytes; ++part) {
    const Ints ints = dot<kOperandKind<Block>>(no_ints(), chunk_operand<Traits>(weights, part),
                                               load_ints(values + kDotBytes * part));
    Vec& lanes = sums.products[part % 4];
    lanes = mul_add(to_floats(ints), factors_of(factors, part), lanes);
  }
  if constexpr (kIsShifted<Block>) sums.scales = sums.scales.plus(scales, x_sums);
  if constexpr (Block::kHasMins) sums.mins = sums.mins.plus(weights.mins(), x_sums);
}

/// What is left of a row behind its last chunk, in blocks of fewer than kChunkValues values.
struct RestSums {
  __m256 products = _mm256_setzero_ps();
  float less = 0.0F;  ///< offsets and minimums
};

template <class Traits>
BLUE_SIMD void add_block(RestSums& sums, const typename Traits::Block* from, const ByteRow& x,
                         std::uint64_t first_group) {
  using Block = ByteBlock<Traits>;
  constexpr int kSubgroups = 32 / Traits::kGroup;
  const Block block(from);
  for (int g = 0; g < Traits::kValues / 32; ++g) {
    const std::uint64_t at = first_group + static_cast<std::uint64_t>(g);
    const __m256i ints = dot_of_32<kOperandKind<Block>>(row_operand<Traits>(block, g),
                                                        load_32_bytes(x.values + at * kByteGroup));
    const auto factor_of = [&](int half) BLUE_SIMD_LAMBDA {
      return _mm_set1_ps(block.scale(g * kSubgroups + half * (kSubgroups - 1)) * x.scales[at]);
    };
    const __m256 factors = _mm256_set_m128(factor_of(1), factor_of(0));
    sums.products = _mm256_fmadd_ps(_mm256_cvtepi32_ps(ints), factors, sums.products);
    for (int s = 0; s < kSubgroups; ++s) {
      const float sum = kSubgroups == 1 ? x.sums[at] : x.half_sums[2 * at + static_cast<std::uint64_t>(s)];
      const int i = g * kSubgroups + s;
      if constexpr (kIsShifted<Block>) sums.less += static_cast<float>(Block::kOffset) * block.scale(i) * sum;
      if constexpr (Block::kHasMins) sums.less += block.min(i) * sum;
    }
  }
}

template <class Traits>
float dot_bytes(const std::byte* row, const ByteRow& x, std::uint64_t cols) {
  using Block = ByteBlock<Traits>;
  constexpr std::uint64_t kPrefetch = 2048;  // bytes; the hardware's own prefetching ends at each page
  constexpr std::uint64_t kBlocks = kChunkValues / Traits::kValues;
  const auto* blocks = reinterpret_cast<const typename Traits::Block*>(row);
  const std::uint64_t n_chunks = cols / kChunkValues;
  RowSums<kChunkValues / Traits::kGroup> sums;
  for (std::uint64_t c = 0; c < n_chunks; ++c) {
    const auto* ahead = reinterpret_cast<const char*>(blocks + c * kBlocks) + kPrefetch;
    for (std::uint64_t line = 0; line < kBlocks * sizeof(typename Traits::Block); line += 64)
      _mm_prefetch(ahead + line, _MM_HINT_T0);
    add_chunk<Traits>(sums, blocks + c * kBlocks, x, c);
  }
  float total =
      sum_of_lanes(add(add(sums.products[0], sums.products[1]), add(sums.products[2], sums.products[3])));
  __m256 less = _mm256_setzero_ps();
  if constexpr (kIsShifted<Block>)
    less = _mm256_mul_ps(sums.scales.folded(), _mm256_set1_ps(static_cast<float>(Block::kOffset)));
  if constexpr (Block::kHasMins) less = _mm256_add_ps(less, sums.mins.folded());
  if constexpr (kIsShifted<Block> || Block::kHasMins) total -= sum_of_eight(less);
  if constexpr (kBlocks > 1) {
    RestSums rest;
    for (std::uint64_t b = n_chunks * kBlocks; b < cols / Traits::kValues; ++b)
      add_block<Traits>(rest, blocks + b, x, b * (Traits::kValues / 32));
    total += sum_of_eight(rest.products) - rest.less;
  }
  return total;
}

}  // namespace
}  // namespace blue::kernels::cpu
