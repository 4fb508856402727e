// Linear over a quantised weight with many tokens as bytes, in AMX tiles: 16 tokens x 16 rows of the weight at once. A panel's quads
// lie as a tile of weights wants them, a token's bytes as a tile of activations does. Every 32 columns (16 where a format has
// a scale per 16) are a product of their own, as they have scales of their own: it fills half (a quarter) of the columns that
// a tile could take, in the same 16 cycles; scaling the sums in vectors takes longer than that.
// The panels' bytes have their signs, so there is nothing to put right. Few tokens go the way of linear_bytes.
// Include only from translation units with AVX-512's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/linear_bytes.inl.h"
#include "kernels/cpu/tile_config.h"

namespace blue::kernels::cpu {
namespace {

constexpr int kAmxTokens = 16;
constexpr int kAmxDots =
    4;  ///< products whose sums are scaled together: a total is loaded and stored once for them

/// What one thread works in.
struct TileScratch {
  alignas(64) std::int32_t dots[kAmxDots][kSides][kAmxTokens][kLanes];
  alignas(64) float totals[kAmxTokens][kPanelRows];
  alignas(64) std::int8_t values[kAmxTokens][kPanelCols];
};

/// Up to kAmxTokens tokens, and their bytes from the panel's first column on.
struct TileTokens {
  const std::byte* rows[kAmxTokens];
  int n = 0;
  const void* values = nullptr;
  std::size_t stride = 0;
};

/// Columns that have one scale.
template <class Traits>
constexpr int kDotCols = Traits::kGroup;

/// Tiles 0 to 3: sums of two products and two sides; 4 and 5: activations of two products; 6 and 7: weights of two sides.
template <class Traits>
constexpr TileConfig tile_config() {
  TileConfig config;
  for (int tile = 0; tile < 8; ++tile) {
    const bool has_activations = tile == 4 || tile == 5;
    config.row_bytes[tile] = has_activations ? kDotCols<Traits> : 64;
    config.rows[tile] = tile < 6 ? kAmxTokens : kDotCols<Traits> / 4;
  }
  return config;
}

/// Product `dot` of the panel; kTurn alternates between 0 and 1, so that one's sums need not wait for the other's.
template <class Traits, class Tiles, int kTurn>
BLUE_SIMD void multiply_dot(const Panel<Traits>& panel, const TileTokens& tokens, int dot,
                            std::int32_t (&sums)[kSides][kAmxTokens][kLanes]) {
  static_assert(kSides == 2 && kLanes == 16 && (kDotCols<Traits> == 32 || kDotCols<Traits> == 16));
  constexpr std::size_t kQuadBytes = sizeof panel.quads[0][0];
  const std::uint8_t* quads =
      panel.quads[0][0] + static_cast<std::size_t>(dot * kDotCols<Traits> / 4) * kQuadBytes;
  Tiles::template clear<2 * kTurn>();
  Tiles::template clear<2 * kTurn + 1>();
  Tiles::template load<4 + kTurn>(static_cast<const char*>(tokens.values) + dot * kDotCols<Traits>,
                                  tokens.stride);
  Tiles::template load<6>(quads, kQuadBytes);
  Tiles::template dot<2 * kTurn, 4 + kTurn, 6>();
  Tiles::template load<7>(quads + 64, kQuadBytes);
  Tiles::template dot<2 * kTurn + 1, 4 + kTurn, 7>();
  Tiles::template store<2 * kTurn>(sums[0], 64);
  Tiles::template store<2 * kTurn + 1>(sums[1], 64);
}

/// totals += the sums of products [first, first + kDots), scaled.
template <class Traits, int kDots>
BLUE_SIMD void add_dots(const PanelPart<Traits>& part, const TileTokens& tokens, int first,
                        TileScratch& scratch) {
  using Block = ByteBlock<Traits>;
  constexpr int kSubgroups = Panel<Traits>::kSubgroups;
  const RowOffsets offsets = RowOffsets::of<Traits>(part.linear.cols);
  for (int t = 0; t < tokens.n; ++t) {
    Vec totals[kSides] = {load(scratch.totals[t]), load(scratch.totals[t] + kLanes)};
    BLUE_UNROLL
    for (int i = 0; i < kDots; ++i) {
      const std::uint64_t sub = part.first_group * kSubgroups + static_cast<std::uint64_t>(first + i);
      const Vec scale = all(read<float>(tokens.rows[t], offsets.scales, sub / kSubgroups));
      BLUE_UNROLL
      for (int side = 0; side < kSides; ++side) {
        const Vec factor = mul(load(part.panel.scales[first + i] + side * kLanes), scale);
        totals[side] = mul_add(to_floats(load_ints(scratch.dots[i][side][t])), factor, totals[side]);
      }
      if constexpr (Block::kHasMins) {
        const Vec sum = all(read<float>(tokens.rows[t], offsets.sums, sub));
        BLUE_UNROLL
        for (int side = 0; side < kSides; ++side)
          totals[side] = sub_mul(totals[side], load(part.panel.mins[first + i] + side * kLanes), sum);
      }
    }
    store(scratch.totals[t], totals[0]);
    store(scratch.totals[t] + kLanes, totals[1]);
  }
}

/// Tokens that lie one after the other are read from where they are; others, and the rest of a tile, are brought together.
template <class Traits>
TileTokens tile_tokens(const PanelPart<Traits>& part, std::uint64_t first, TileScratch& scratch) {
  const std::uint64_t left = part.linear.n_tokens - first;
  TileTokens tokens;
  tokens.n = left < kAmxTokens ? static_cast<int>(left) : kAmxTokens;
  for (int t = 0; t < tokens.n; ++t)
    tokens.rows[t] = byte_row(part.linear, first + static_cast<std::uint64_t>(t));
  const std::size_t first_col = part.first_group * 32;
  if (part.linear.row_of == nullptr && tokens.n == kAmxTokens) {
    tokens.values = tokens.rows[0] + first_col;
    tokens.stride = byte_row_stride(part.linear.cols);
    return tokens;
  }
  const std::size_t n_cols = static_cast<std::size_t>(part.n_groups) * 32;
  for (int t = 0; t < kAmxTokens; ++t) {
    if (t < tokens.n) {
      __builtin_memcpy(scratch.values[t], tokens.rows[t] + first_col, n_cols);
    } else {
      __builtin_memset(scratch.values[t], 0, n_cols);
    }
  }
  tokens.values = scratch.values;
  tokens.stride = sizeof scratch.values[0];
  return tokens;
}

/// Up to kAmxTokens tokens from `first` on against one panel; out takes the first part of a row's sum or adds a later one.
template <class Traits, class Tiles>
void multiply_in_tiles(const PanelPart<Traits>& part, std::uint64_t first, TileScratch& scratch) {
  const TileTokens tokens = tile_tokens(part, first, scratch);
  const std::uint64_t width = part.linear.out_width;
  float* out = part.linear.out + first * width + part.row;
  for (int t = 0; t < tokens.n; ++t) {
    for (int side = 0; side < kSides; ++side) {
      const float* from = out + static_cast<std::uint64_t>(t) * width + side * kLanes;
      store(scratch.totals[t] + side * kLanes,
            part.first_group == 0 ? zero() : load_first(from, part.n_rows_of(side)));
    }
  }
  const int n_dots = part.n_groups * Panel<Traits>::kSubgroups;
  int dot = 0;
  for (; dot + kAmxDots <= n_dots; dot += kAmxDots) {
    BLUE_UNROLL
    for (int i = 0; i < kAmxDots; i += 2) {
      multiply_dot<Traits, Tiles, 0>(part.panel, tokens, dot + i, scratch.dots[i]);
      multiply_dot<Traits, Tiles, 1>(part.panel, tokens, dot + i + 1, scratch.dots[i + 1]);
    }
    add_dots<Traits, kAmxDots>(part, tokens, dot, scratch);
  }
  for (; dot < n_dots; ++dot) {
    multiply_dot<Traits, Tiles, 0>(part.panel, tokens, dot, scratch.dots[0]);
    add_dots<Traits, 1>(part, tokens, dot, scratch);
  }
  for (int t = 0; t < tokens.n; ++t) {
    for (int side = 0; side < kSides; ++side)
      store_first(out + static_cast<std::uint64_t>(t) * width + side * kLanes,
                  load(scratch.totals[t] + side * kLanes), part.n_rows_of(side));
  }
}

/// Contract: FormatKernels::linear_bytes. Tiles: TileInstructions, or what stands in for them.
template <class Traits, class Tiles>
void linear_tiles(const LinearPart& linear) {
  if (linear.n_tokens < kPanelTokens) return dot_rows<Traits>(linear);
  static constexpr TileConfig kConfig = tile_config<Traits>();
  TileScratch scratch;
  Tiles::begin(kConfig);
  for_each_panel<Traits, PanelBytes::with_sign>(linear, [&](const PanelPart<Traits>& part) {
    for (std::uint64_t t = 0; t < linear.n_tokens; t += kAmxTokens)
      multiply_in_tiles<Traits, Tiles>(part, t, scratch);
  });
  Tiles::end();
}

}  // namespace
}  // namespace blue::kernels::cpu
