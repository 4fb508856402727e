// Rows of a quantised weight against one token as bytes, from where they lie: what decoding token by token is made of, bound by
// memory where unpacking keeps up with it. Include only from translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_rows.h"
#include "kernels/cpu/row_streams.inl.h"

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

/// The running sums of one weight row against one token: kChains, because each addition waits for the one before it.
template <int kGroups, int kChains>
struct RowSums {
  BLUE_SIMD RowSums() {
    BLUE_UNROLL
    for (Vec& sum : products) sum = zero();
  }
  Vec products[kChains];
  /// Σ scale · sum of its activations, for shifted bytes; and Σ min · the same.
  GroupFloats<kGroups> scales = GroupFloats<kGroups>::zero();
  GroupFloats<kGroups> mins = GroupFloats<kGroups>::zero();
};

/// kChunkValues values, which meet the activations from group 8 · `chunk` on.
template <class Traits, int kGroups, int kChains>
BLUE_SIMD void add_chunk(RowSums<kGroups, kChains>& sums, const typename Traits::Block* blocks,
                         const ByteRow& x, std::uint64_t chunk) {
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
    Vec& lanes = sums.products[part % kChains];
    lanes = mul_add(to_floats(ints), factors_of(factors, part), lanes);
  }
  if constexpr (kIsShifted<Block>) sums.scales = sums.scales.plus(scales, x_sums);
  if constexpr (Block::kHasMins) sums.mins = sums.mins.plus(weights.mins(), x_sums);
}

template <class Block>
BLUE_SIMD __m256i signed_bytes(const Block& block, int g) {
  if constexpr (Block::kOffset == kSignOffset) return block.bytes(g);
  return _mm256_sub_epi8(block.shifted(g), _mm256_set1_epi8(static_cast<char>(Block::kOffset)));
}

/// One block of fewer than kChunkValues values, group by group.
template <class Traits>
float dot_block(const typename Traits::Block* from, const ByteRow& x, std::uint64_t first_group) {
  constexpr int kGroup = Traits::kGroup;
  const ByteBlock<Traits> block(from);
  float sum = 0.0F;
  for (int g = 0; g < Traits::kValues / 32; ++g) {
    alignas(32) std::int8_t bytes[32];
    _mm256_store_si256(reinterpret_cast<__m256i*>(bytes), signed_bytes<ByteBlock<Traits>>(block, g));
    const std::uint64_t at = first_group + static_cast<std::uint64_t>(g);
    for (int half = 0; half < 32 / kGroup; ++half) {
      std::int32_t ints = 0;
      std::int32_t total = 0;
      for (int i = half * kGroup; i < (half + 1) * kGroup; ++i) {
        const std::int32_t value = x.values[at * kByteGroup + static_cast<std::uint64_t>(i)];
        ints += bytes[i] * value;
        total += value;
      }
      const int s = g * (32 / kGroup) + half;
      sum += block.scale(s) * x.scales[at] * static_cast<float>(ints);
      if constexpr (ByteBlock<Traits>::kHasMins)
        sum -= block.min(s) * x.scales[at] * static_cast<float>(total);
    }
  }
  return sum;
}

template <class Traits, int kGroups, int kChains>
BLUE_SIMD float total_of(const RowSums<kGroups, kChains>& sums) {
  using Block = ByteBlock<Traits>;
  Vec products = sums.products[0];
  BLUE_UNROLL
  for (int i = 1; i < kChains; ++i) products = add(products, sums.products[i]);
  const float total = sum_of_lanes(products);
  if constexpr (!kIsShifted<Block> && !Block::kHasMins) return total;
  __m256 less = _mm256_setzero_ps();
  if constexpr (kIsShifted<Block>)
    less = _mm256_mul_ps(sums.scales.folded(), _mm256_set1_ps(static_cast<float>(Block::kOffset)));
  if constexpr (Block::kHasMins) less = _mm256_add_ps(less, sums.mins.folded());
  return total - sum_of_eight(less);
}

/// kRows rows, each `apart` bytes behind the one before, against one token; the chains that hide an addition's latency are
/// those of four rows, or four of a single one.
template <class Traits, int kRows>
void dot_bytes(const std::byte* first, std::uint64_t apart, const ByteRow& x, std::uint64_t cols,
               float (&out)[kRows]) {
  constexpr std::uint64_t kBlocks = kChunkValues / Traits::kValues;
  using Block = typename Traits::Block;
  const std::uint64_t n_chunks = cols / kChunkValues;
  const auto blocks_of = [&](int row) BLUE_SIMD_LAMBDA {
    return reinterpret_cast<const Block*>(first + static_cast<std::uint64_t>(row) * apart);
  };
  RowSums<kChunkValues / Traits::kGroup, 4 / kRows> sums[kRows];
  for (std::uint64_t c = 0; c < n_chunks; ++c) {
    BLUE_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const Block* blocks = blocks_of(r) + c * kBlocks;
      fetch_ahead<kBlocks * sizeof(Block)>(blocks);
      add_chunk<Traits>(sums[r], blocks, x, c);
    }
  }
  BLUE_UNROLL
  for (int r = 0; r < kRows; ++r) out[r] = total_of<Traits>(sums[r]);
  if constexpr (kBlocks > 1) {
    for (std::uint64_t b = n_chunks * kBlocks; b < cols / Traits::kValues; ++b) {
      for (int r = 0; r < kRows; ++r)
        out[r] += dot_block<Traits>(blocks_of(r) + b, x, b * (Traits::kValues / 32));
    }
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
