// Linear over weights that are plain floats (F32, F16, BF16): contract at FormatKernels::linear.
// One token: rows are decoded in registers, bound by memory. More: a tile of rows is decoded once
// into the first cache and multiplied with all tokens. Include only from translation units with an
// instruction set's flags; everything has internal linkage (see simd.inl.h).
#pragma once

#include "kernels/cpu/format_kernels.h"
#include "kernels/cpu/simd/chunk_decoder.inl.h"
#include "kernels/cpu/simd/row_streams.inl.h"
#include "kernels/cpu/simd/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

/// kRows rows of the weight, each `apart` bytes behind the one before, against one input row,
/// decoded in registers: the shape of decoding token by token, bound by memory.
template <class Traits, int kRows>
void dot_row(const std::byte* first, std::uint64_t apart, const float* in, std::uint64_t cols,
             float (&out)[kRows]) {
  using Decoder = ChunkDecoder<Traits>;
  constexpr std::uint64_t kChunkBytes =
      Decoder::kValues * sizeof(typename Traits::QuantBlock) / Traits::kValues;
  const auto blocks_of = [&](int row) BLUE_SIMD_LAMBDA {
    return reinterpret_cast<const typename Traits::QuantBlock*>(
        first + static_cast<std::uint64_t>(row) * apart);
  };
  Vec sums[kRows];
  BLUE_UNROLL
  for (Vec& sum : sums) sum = zero();
  std::uint64_t c = 0;
  for (; c + Decoder::kValues <= cols; c += Decoder::kValues) {
    BLUE_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const typename Traits::QuantBlock* blocks = blocks_of(r) + c / Traits::kValues;
      fetch_ahead<kChunkBytes>(blocks);
      const Decoder chunk(blocks);
      BLUE_UNROLL
      for (int i = 0; i < Decoder::kValues; i += kLanes)
        sums[r] = mul_add(chunk.at(i), load(in + c + i), sums[r]);
    }
  }
  BLUE_UNROLL
  for (int r = 0; r < kRows; ++r) {
    float total = sum_of_lanes(sums[r]);
    for (std::uint64_t i = c; i < cols; ++i)
      total +=
          Traits::value(blocks_of(r)[i / Traits::kValues], static_cast<int>(i % Traits::kValues)) *
          in[i];
    out[r] = total;
  }
}

// With several tokens a tile of the weight is decoded once into the first cache and multiplied with
// all of them.
constexpr int kTileRows = 4;
constexpr int kTileCols = 512;                     // 4 rows of it are 8 KiB
constexpr int kTileTokens = kLanes == 16 ? 4 : 2;  // 16 or 8 sums stay in registers
constexpr std::uint64_t kPassTokens = 32;          // 4 · 32 partial sums are 4 or 8 KiB

struct Tile {
  alignas(64) float weights[kTileRows][kTileCols];
  alignas(64) float sums[kPassTokens][kTileRows][kLanes];
};

/// Decodes columns [first, first + n) of one row, zero behind up to a whole vector.
template <class Traits>
void decode_columns(const std::byte* row, std::uint64_t first, int n, float* to) {
  using Decoder = ChunkDecoder<Traits>;
  const auto* blocks =
      reinterpret_cast<const typename Traits::QuantBlock*>(row) + first / Traits::kValues;
  int c = 0;
  for (; c + Decoder::kValues <= n; c += Decoder::kValues) {
    const Decoder chunk(blocks + c / Traits::kValues);
    BLUE_UNROLL
    for (int i = 0; i < Decoder::kValues; i += kLanes) store(to + c + i, chunk.at(i));
  }
  for (; c < n; ++c) to[c] = Traits::value(blocks[c / Traits::kValues], c % Traits::kValues);
  for (; c % kLanes != 0; ++c) to[c] = 0.0F;
}

/// sums[t][r] += weights[r] · in[t] over n columns, for kTokens tokens at once.
template <int kTokens>
void multiply_tile(const Tile& tile, float (*sums)[kTileRows][kLanes], const float* in,
                   std::uint64_t stride, int n) {
  Vec total[kTokens][kTileRows];
  BLUE_UNROLL
  for (int t = 0; t < kTokens; ++t) {
    BLUE_UNROLL
    for (int r = 0; r < kTileRows; ++r) total[t][r] = load(sums[t][r]);
  }
  const auto step = [&](int c, auto load_input) BLUE_SIMD_LAMBDA {
    Vec weights[kTileRows];
    BLUE_UNROLL
    for (int r = 0; r < kTileRows; ++r) weights[r] = load(tile.weights[r] + c);
    BLUE_UNROLL
    for (int t = 0; t < kTokens; ++t) {
      const Vec x = load_input(in + static_cast<std::uint64_t>(t) * stride + c);
      BLUE_UNROLL
      for (int r = 0; r < kTileRows; ++r) total[t][r] = mul_add(weights[r], x, total[t][r]);
    }
  };
  int c = 0;
  for (; c + kLanes <= n; c += kLanes)
    step(c, [](const float* x) BLUE_SIMD_LAMBDA { return load(x); });
  if (c < n)
    step(c, [left = n - c](const float* x) BLUE_SIMD_LAMBDA { return load_first(x, left); });
  BLUE_UNROLL
  for (int t = 0; t < kTokens; ++t) {
    BLUE_UNROLL
    for (int r = 0; r < kTileRows; ++r) store(sums[t][r], total[t][r]);
  }
}

[[maybe_unused]] void multiply_tile_tokens(Tile& tile, const float* in, std::uint64_t stride,
                                           std::uint64_t n_tokens, int n_cols) {
  std::uint64_t t = 0;
  for (; t + kTileTokens <= n_tokens; t += kTileTokens) {
    multiply_tile<kTileTokens>(tile, tile.sums + t, in + t * stride, stride, n_cols);
  }
  for (; t < n_tokens; ++t) multiply_tile<1>(tile, tile.sums + t, in + t * stride, stride, n_cols);
}

/// kTileRows or fewer rows against up to kPassTokens tokens.
template <class Traits>
void multiply_tile_rows(Tile& tile, const LinearPart& part, std::uint64_t row, int n_rows,
                        std::uint64_t first_token, std::uint64_t n_tokens) {
  for (std::uint64_t t = 0; t < n_tokens; ++t) {
    for (int r = 0; r < kTileRows; ++r) store(tile.sums[t][r], zero());
  }
  for (std::uint64_t c = 0; c < part.cols; c += kTileCols) {
    const int n_cols = static_cast<int>(part.cols - c < kTileCols ? part.cols - c : kTileCols);
    for (int r = 0; r < n_rows; ++r) {
      decode_columns<Traits>(part.weight + (row + static_cast<std::uint64_t>(r)) * part.row_bytes,
                             c, n_cols, tile.weights[r]);
    }
    multiply_tile_tokens(tile, part.in + first_token * part.cols + c, part.cols, n_tokens, n_cols);
  }
  for (std::uint64_t t = 0; t < n_tokens; ++t) {
    float* out = part.out + (first_token + t) * part.out_width + row;
    for (int r = 0; r < n_rows; ++r) out[r] = sum_of_lanes(load(tile.sums[t][r]));
  }
}

template <class Traits>
void linear_float(const LinearPart& part) {
  static_assert(kTileCols % ChunkDecoder<Traits>::kValues == 0, "a tile must hold whole chunks");
  if (part.n_tokens == 1) {
    return for_each_row_stream<4>(
        part.first_row, part.end_row, [&](auto rows, std::uint64_t r, std::uint64_t apart) {
          float sums[rows];
          dot_row<Traits>(part.weight + r * part.row_bytes, apart * part.row_bytes, part.in,
                          part.cols, sums);
          for (std::uint64_t i = 0; i < rows; ++i) part.out[r + i * apart] = sums[i];
        });
  }
  Tile tile;
  for (int r = 0; r < kTileRows; ++r) {  // rows that the last tile lacks are multiplied as zeros
    for (int c = 0; c < kTileCols; c += kLanes) store(tile.weights[r] + c, zero());
  }
  for (std::uint64_t r = part.first_row; r < part.end_row; r += kTileRows) {
    const int n_rows =
        static_cast<int>(part.end_row - r < kTileRows ? part.end_row - r : kTileRows);
    for (std::uint64_t t = 0; t < part.n_tokens; t += kPassTokens) {
      const std::uint64_t n_tokens =
          part.n_tokens - t < kPassTokens ? part.n_tokens - t : kPassTokens;
      multiply_tile_rows<Traits>(tile, part, r, n_rows, t, n_tokens);
    }
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
