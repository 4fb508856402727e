// Linear over a quantised weight with many tokens as bytes, in AMX tiles: 16 tokens x 16 rows of
// the weight at once. A panel's quads have the layout of a tile of weights, a token's bytes that of
// a tile of activations. Every 32 columns are one product, as they share scales: it fills half of
// the columns that a tile could take, in the same 16 cycles. While the tiles compute one product,
// vectors scale the sums of the one before: three instructions for 16 sums, whose totals stay in
// registers for a whole panel. For formats with a scale per 32 values: where it is per 16, tiles
// were measured slower than vectors. The panels' bytes are signed, so no offset is subtracted. Few
// tokens take linear_q8 instead. Include only from translation units with AVX-512's flags (see
// simd.inl.h).
#pragma once

#include "kernels/cpu/simd/linear_q8.inl.h"
#include "kernels/cpu/simd/tile_config.h"

namespace blue::kernels::cpu {
namespace {

constexpr int kAmxTokens = 16;
constexpr int kDotCols = 32;  ///< columns of one product: those that have one scale

/// What one thread works in.
struct TileScratch {
  alignas(64) std::int32_t dots[2][kAmxTokens][kLanes];
  alignas(64) std::int8_t values[kAmxTokens][kPanelCols];
  /// Of the activations, by product of the panel: zeros where there is no token.
  alignas(64) float scales[kPanelCols / kDotCols][kAmxTokens];
  alignas(64) float sums[kPanelCols / kDotCols][kAmxTokens];
};

/// Up to kAmxTokens tokens, and their bytes from the panel's first column on.
struct TileTokens {
  const std::byte* rows[kAmxTokens];
  int n = 0;
  const void* values = nullptr;
  std::size_t stride = 0;
};

/// Tiles 0 and 1: sums of two products, by turns; 2 and 3: their activations; 4 and 5: their
/// weights.
constexpr TileConfig tile_config() {
  TileConfig config;
  for (int tile = 0; tile < 6; ++tile) {
    const bool has_activations = tile == 2 || tile == 3;
    config.row_bytes[tile] = has_activations ? kDotCols : 64;
    config.rows[tile] = tile < 4 ? kAmxTokens : kDotCols / 4;
  }
  return config;
}

/// Product `dot` of one side of the panel; kTurn alternates between 0 and 1, so that products do
/// not wait for each other.
template <class Traits, class Tiles, int kTurn>
BLUE_SIMD void multiply_dot(const Panel<Traits>& panel, const TileTokens& tokens, int side, int dot,
                            TileScratch& scratch) {
  static_assert(kSides == 2 && kLanes == 16 && Traits::kGroup == kDotCols);
  constexpr std::size_t kQuadBytes = sizeof panel.quads[0][0];
  const std::size_t first_quad = static_cast<std::size_t>(dot * kDotCols / 4);
  Tiles::template clear<kTurn>();
  Tiles::template load<2 + kTurn>(static_cast<const char*>(tokens.values) + dot * kDotCols,
                                  tokens.stride);
  Tiles::template load<4 + kTurn>(panel.quads[0][0] + first_quad * kQuadBytes + side * 64,
                                  kQuadBytes);
  Tiles::template dot<kTurn, 2 + kTurn, 4 + kTurn>();
  Tiles::template store<kTurn>(scratch.dots[kTurn], 64);
}

/// totals += the sums of product `dot`, scaled.
template <class Traits, int kTurn>
BLUE_SIMD void add_dot(const Panel<Traits>& panel, const TileScratch& scratch, int side, int dot,
                       Vec (&totals)[kAmxTokens]) {
  const Vec scales = load(panel.scales[dot] + side * kLanes);
  BLUE_UNROLL
  for (int t = 0; t < kAmxTokens; ++t) {
    const Vec factor = mul(scales, all(scratch.scales[dot][t]));
    totals[t] = mul_add(to_floats(load_ints(scratch.dots[kTurn][t])), factor, totals[t]);
  }
  if constexpr (BlockI8<Traits>::kHasMins) {
    const Vec mins = load(panel.mins[dot] + side * kLanes);
    BLUE_UNROLL
    for (int t = 0; t < kAmxTokens; ++t)
      totals[t] = sub_mul(totals[t], mins, all(scratch.sums[dot][t]));
  }
}

/// Gathers the factors of a product's tokens from the tokens' rows.
template <class Traits>
void gather_factors(const PanelPart<Traits>& part, const TileTokens& tokens, TileScratch& scratch) {
  const RowOffsets offsets = RowOffsets::of<Traits>(part.linear.cols);
  for (int dot = 0; dot < part.n_groups; ++dot) {
    const std::uint64_t group = part.first_group + static_cast<std::uint64_t>(dot);
    for (int t = 0; t < kAmxTokens; ++t) {
      const bool is_there = t < tokens.n;
      scratch.scales[dot][t] = is_there ? read<float>(tokens.rows[t], offsets.scales, group) : 0.0F;
      if constexpr (BlockI8<Traits>::kHasMins)
        scratch.sums[dot][t] = is_there ? read<float>(tokens.rows[t], offsets.sums, group) : 0.0F;
    }
  }
}

/// Consecutive tokens are read in place; others, and an incomplete tile, are copied together.
template <class Traits>
TileTokens tile_tokens(const PanelPart<Traits>& part, std::uint64_t first, TileScratch& scratch) {
  const std::uint64_t left = part.linear.n_tokens - first;
  TileTokens tokens;
  tokens.n = left < kAmxTokens ? static_cast<int>(left) : kAmxTokens;
  for (int t = 0; t < tokens.n; ++t)
    tokens.rows[t] = q8_row(part.linear, first + static_cast<std::uint64_t>(t));
  const std::size_t first_col = part.first_group * 32;
  if (part.linear.row_of == nullptr && tokens.n == kAmxTokens) {
    tokens.values = tokens.rows[0] + first_col;
    tokens.stride = q8_row_stride(part.linear.cols);
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

/// One side of a panel against the tokens; out takes the first part of a row's sum or adds a later
/// one.
template <class Traits, class Tiles>
void multiply_side(const PanelPart<Traits>& part, const TileTokens& tokens,
                   std::uint64_t first_token, int side, TileScratch& scratch) {
  const std::uint64_t width = part.linear.out_width;
  float* out =
      part.linear.out + first_token * width + part.row + static_cast<std::uint64_t>(side) * kLanes;
  const int n_rows = part.n_rows_of(side);
  Vec totals[kAmxTokens];
  BLUE_UNROLL
  for (int t = 0; t < kAmxTokens; ++t) {
    totals[t] = zero();
    if (part.first_group > 0 && t < tokens.n)
      totals[t] = load_first(out + static_cast<std::uint64_t>(t) * width, n_rows);
  }
  const int n_dots = part.n_groups;
  multiply_dot<Traits, Tiles, 0>(part.panel, tokens, side, 0, scratch);
  for (int dot = 0; dot < n_dots; dot += 2) {
    if (dot + 1 < n_dots)
      multiply_dot<Traits, Tiles, 1>(part.panel, tokens, side, dot + 1, scratch);
    add_dot<Traits, 0>(part.panel, scratch, side, dot, totals);
    if (dot + 1 == n_dots) break;
    if (dot + 2 < n_dots)
      multiply_dot<Traits, Tiles, 0>(part.panel, tokens, side, dot + 2, scratch);
    add_dot<Traits, 1>(part.panel, scratch, side, dot + 1, totals);
  }
  BLUE_UNROLL
  for (int t = 0; t < kAmxTokens; ++t) {
    if (t < tokens.n) store_first(out + static_cast<std::uint64_t>(t) * width, totals[t], n_rows);
  }
}

/// Contract: FormatKernels::linear_q8, for kPanelTokens tokens or more. Tiles: TileInstructions, or
/// a model of them.
template <class Traits, class Tiles>
void linear_tiles(const LinearPart& linear) {
  static constexpr TileConfig kConfig = tile_config();
  TileScratch scratch;
  Tiles::begin(kConfig);
  for_each_panel<Traits, PanelI8::s8>(linear, [&](const PanelPart<Traits>& part) {
    for (std::uint64_t t = 0; t < linear.n_tokens; t += kAmxTokens) {
      const TileTokens tokens = tile_tokens(part, t, scratch);
      gather_factors(part, tokens, scratch);
      for (int side = 0; side < kSides && part.n_rows_of(side) > 0; ++side)
        multiply_side<Traits, Tiles>(part, tokens, t, side, scratch);
    }
  });
  Tiles::end();
}

}  // namespace
}  // namespace blue::kernels::cpu
