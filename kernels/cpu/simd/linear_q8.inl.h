// Linear over a quantised weight with activations as bytes (q8_rows.h), written once for every
// format and instruction set. Few tokens: each row of the weight is multiplied where it lies, bound
// by memory. More: a panel of kLanes rows is unpacked once into the first cache, four columns
// of every row to a vector, and multiplied with all tokens. Include only from translation units
// with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/panel_i8.inl.h"

namespace blue::kernels::cpu {
namespace {

/// Below this many tokens a panel costs more to unpack than it saves.
constexpr std::uint64_t kPanelTokens = kLanes == 16 ? 6 : 5;

/// sums of one subgroup `s` of 32 columns: integers of every side and token.
template <class Traits, int kTokens>
BLUE_SIMD void multiply_quads(const Panel<Traits>& panel, const std::byte* const (&rows)[kTokens],
                              std::uint64_t at, int g, int s, Ints (&sums)[kSides][kTokens]) {
  constexpr int kQuads = 8 / Panel<Traits>::kSubgroups;
  BLUE_UNROLL
  for (int k = s * kQuads; k < (s + 1) * kQuads; ++k) {
    Ints weights[kSides];
    BLUE_UNROLL
    for (int side = 0; side < kSides; ++side)
      weights[side] = load_ints(panel.quads[g][k] + side * kLanes * 4);
    BLUE_UNROLL
    for (int t = 0; t < kTokens; ++t) {
      const Ints x = all_ints(read<std::int32_t>(rows[t] + k * 4, 0, at * 8));
      BLUE_UNROLL
      for (int side = 0; side < kSides; ++side)
        sums[side][t] = dot<kWeightByte<BlockI8<Traits>>>(sums[side][t], weights[side], x);
    }
  }
}

/// totals[side][t] += panel · rows[t] over n_groups groups from first_group on.
template <class Traits, int kTokens>
BLUE_SIMD void multiply_panel(const Panel<Traits>& panel, const std::byte* const (&rows)[kTokens],
                              const RowOffsets& offsets, std::uint64_t first_group, int n_groups,
                              Vec (&totals)[kSides][kTokens]) {
  using Block = BlockI8<Traits>;
  constexpr int kSubgroups = Panel<Traits>::kSubgroups;
  for (int g = 0; g < n_groups; ++g) {
    const std::uint64_t at = first_group + static_cast<std::uint64_t>(g);
    BLUE_UNROLL
    for (int s = 0; s < kSubgroups; ++s) {
      const std::uint64_t sub = at * kSubgroups + static_cast<std::uint64_t>(s);
      Ints sums[kSides][kTokens];
      BLUE_UNROLL
      for (int t = 0; t < kTokens; ++t) {
        std::int32_t start = 0;
        if constexpr (kIsShifted<Block>)
          start = read<std::int32_t>(rows[t], offsets.biases, sub) >> kStartShift<Block>;
        BLUE_UNROLL
        for (int side = 0; side < kSides; ++side) sums[side][t] = all_ints(start);
      }
      multiply_quads<Traits, kTokens>(panel, rows, at, g, s, sums);
      const int row = g * kSubgroups + s;
      BLUE_UNROLL
      for (int t = 0; t < kTokens; ++t) {
        const Vec scale = all(read<float>(rows[t], offsets.scales, at));
        BLUE_UNROLL
        for (int side = 0; side < kSides; ++side) {
          const Vec factor = mul(load(panel.scales[row] + side * kLanes), scale);
          totals[side][t] = mul_add(to_floats(sums[side][t]), factor, totals[side][t]);
        }
        if constexpr (Block::kHasMins) {
          const Vec sum = all(read<float>(rows[t], offsets.sums, sub));
          BLUE_UNROLL
          for (int side = 0; side < kSides; ++side)
            totals[side][t] = sub_mul(totals[side][t], load(panel.mins[row] + side * kLanes), sum);
        }
      }
    }
  }
}

/// Tokens [first, first + kTokens) against one panel; out takes the first part of a row's sum or
/// adds a later one.
template <class Traits, int kTokens>
void multiply_tokens(const PanelPart<Traits>& part, std::uint64_t first) {
  const std::byte* rows[kTokens];
  Vec totals[kSides][kTokens];
  const std::uint64_t width = part.linear.out_width;
  float* out = part.linear.out + first * width + part.row;
  BLUE_UNROLL
  for (int t = 0; t < kTokens; ++t) {
    rows[t] = q8_row(part.linear, first + static_cast<std::uint64_t>(t));
    BLUE_UNROLL
    for (int side = 0; side < kSides; ++side) {
      const float* from = out + static_cast<std::uint64_t>(t) * width + side * kLanes;
      totals[side][t] = part.first_group == 0 ? zero() : load_first(from, part.n_rows_of(side));
    }
  }
  multiply_panel<Traits, kTokens>(part.panel, rows, RowOffsets::of<Traits>(part.linear.cols),
                                  part.first_group, part.n_groups, totals);
  BLUE_UNROLL
  for (int t = 0; t < kTokens; ++t) {
    BLUE_UNROLL
    for (int side = 0; side < kSides; ++side) {
      store_first(out + static_cast<std::uint64_t>(t) * width + side * kLanes, totals[side][t],
                  part.n_rows_of(side));
    }
  }
}

/// Rows [first_row, end_row) against tokens [first, first + kTokens). What is read from memory at
/// once is what fills four chains of sums: four rows of one token, two of two, one of four.
template <class Traits, int kTokens>
void dot_tokens(const LinearPart& part, std::uint64_t first) {
  Q8Row x[kTokens];
  BLUE_UNROLL
  for (int t = 0; t < kTokens; ++t)
    x[t] = Q8Row::at(q8_row(part, first + static_cast<std::uint64_t>(t)), part.cols);
  float* out = part.out + first * part.out_width;
  for_each_row_stream<kDotChains / kTokens>(
      part.first_row, part.end_row, [&](auto rows, std::uint64_t r, std::uint64_t apart) {
        float sums[rows][kTokens];
        dot_i8<Traits>(part.weight + r * part.row_bytes, apart * part.row_bytes, x, part.cols,
                       sums);
        for (std::uint64_t i = 0; i < rows; ++i) {
          for (std::uint64_t t = 0; t < kTokens; ++t)
            out[t * part.out_width + r + i * apart] = sums[i][t];
        }
      });
}

/// Few tokens: [first_row, end_row) against each of them.
template <class Traits>
void dot_rows(const LinearPart& part) {
  std::uint64_t t = 0;
  for (; t + kDotTokens <= part.n_tokens; t += kDotTokens) dot_tokens<Traits, kDotTokens>(part, t);
  if constexpr (kDotTokens > 2) {
    for (; t + 2 <= part.n_tokens; t += 2) dot_tokens<Traits, 2>(part, t);
  }
  if (t < part.n_tokens) dot_tokens<Traits, 1>(part, t);
}

template <class Traits>
void linear_q8(const LinearPart& linear) {
  if (linear.n_tokens < kPanelTokens) return dot_rows<Traits>(linear);
  for_each_panel<Traits, PanelI8::operand>(linear, [&](const PanelPart<Traits>& part) {
    std::uint64_t t = 0;
    for (; t + kTokensAtOnce <= linear.n_tokens; t += kTokensAtOnce)
      multiply_tokens<Traits, kTokensAtOnce>(part, t);
    for (; t + 4 <= linear.n_tokens; t += 4) multiply_tokens<Traits, 4>(part, t);
    for (; t + 2 <= linear.n_tokens; t += 2) multiply_tokens<Traits, 2>(part, t);
    if (t < linear.n_tokens) multiply_tokens<Traits, 1>(part, t);
  });
}

}  // namespace
}  // namespace blue::kernels::cpu
