// Linear over a quantised weight with activations as bytes (byte_rows.h), written once for every format and instruction set.
// Few tokens: each row of the weight is multiplied from where it lies, bound by memory. More: a panel of kLanes rows is
// unpacked once into the first cache, four columns of every row to a vector, and multiplied with all tokens.
// Include only from translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/byte_panel.inl.h"
#include "kernels/cpu/byte_row_dot.inl.h"
#include "kernels/cpu/format_kernels.h"

namespace blue::kernels::cpu {
namespace {

/// Below this many tokens a panel costs more to unpack than it saves.
constexpr std::uint64_t kPanelTokens = 4;

BLUE_SIMD std::byte* byte_row(const LinearPart& part, std::uint64_t token) {
  return part.bytes + (part.row_of != nullptr ? part.row_of[token] : token) * byte_row_stride(part.cols);
}

/// Where a token's row has what, from its start, in bytes: the same for all tokens.
struct RowOffsets {
  std::uint64_t scales, sums, biases;

  template <class Traits>
  static RowOffsets of(std::uint64_t cols) {
    const ByteRow row = ByteRow::at(nullptr, cols);
    const auto offset = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at); };
    if constexpr (Traits::kGroup == 32) return {offset(row.scales), offset(row.sums), offset(row.biases)};
    return {offset(row.scales), offset(row.half_sums), offset(row.half_biases)};
  }
};

template <class T>
BLUE_SIMD T read(const std::byte* row, std::uint64_t offset, std::uint64_t index) {
  T value;
  __builtin_memcpy(&value, row + offset + index * sizeof(T), sizeof(T));
  return value;
}

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
        sums[side][t] = dot<kOperandKind<ByteBlock<Traits>>>(sums[side][t], weights[side], x);
    }
  }
}

/// totals[side][t] += panel · rows[t] over n_groups groups from first_group on.
template <class Traits, int kTokens>
BLUE_SIMD void multiply_panel(const Panel<Traits>& panel, const std::byte* const (&rows)[kTokens],
                              const RowOffsets& offsets, std::uint64_t first_group, int n_groups,
                              Vec (&totals)[kSides][kTokens]) {
  using Block = ByteBlock<Traits>;
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

/// One panel on its way through the columns.
template <class Traits>
struct PanelPart {
  const LinearPart& linear;
  Panel<Traits>& panel;
  std::uint64_t row;
  int n_rows;
  std::uint64_t first_group = 0;
  int n_groups = 0;

  /// Rows of a side that there are.
  [[nodiscard]] BLUE_SIMD int n_rows_of(int side) const {
    const int left = n_rows - side * kLanes;
    return left < 0 ? 0 : left < kLanes ? left : kLanes;
  }
};

/// Tokens [first, first + kTokens) against one panel; out takes the first part of a row's sum or adds a later one.
template <class Traits, int kTokens>
void multiply_tokens(const PanelPart<Traits>& part, std::uint64_t first) {
  const std::byte* rows[kTokens];
  Vec totals[kSides][kTokens];
  const std::uint64_t width = part.linear.out_width;
  float* out = part.linear.out + first * width + part.row;
  BLUE_UNROLL
  for (int t = 0; t < kTokens; ++t) {
    rows[t] = byte_row(part.linear, first + static_cast<std::uint64_t>(t));
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

template <class Traits>
void multiply_rows(PanelPart<Traits> part) {
  const LinearPart& linear = part.linear;
  for (std::uint64_t c = 0; c < linear.cols; c += kPanelCols) {
    const std::uint64_t left = linear.cols - c;
    part.n_groups = static_cast<int>(left < kPanelCols ? left : kPanelCols) / 32;
    part.first_group = c / 32;
    const std::byte* first =
        linear.weight + part.row * linear.row_bytes + c / Traits::kValues * sizeof(typename Traits::Block);
    fill_panel(part.panel, first, linear.row_bytes, part.n_rows, part.n_groups);
    std::uint64_t t = 0;
    for (; t + kTokensAtOnce <= linear.n_tokens; t += kTokensAtOnce)
      multiply_tokens<Traits, kTokensAtOnce>(part, t);
    for (; t + 2 <= linear.n_tokens; t += 2) multiply_tokens<Traits, 2>(part, t);
    if (t < linear.n_tokens) multiply_tokens<Traits, 1>(part, t);
  }
}

template <class Traits>
void linear_bytes(const LinearPart& part) {
  static_assert(Traits::kValues % 32 == 0 && kPanelCols % Traits::kValues == 0);
  if (part.n_tokens < kPanelTokens) {
    for (std::uint64_t r = part.first_row; r < part.end_row; ++r) {
      for (std::uint64_t t = 0; t < part.n_tokens; ++t) {
        const ByteRow x = ByteRow::at(byte_row(part, t), part.cols);
        part.out[t * part.out_width + r] = dot_bytes<Traits>(part.weight + r * part.row_bytes, x, part.cols);
      }
    }
    return;
  }
  Panel<Traits> panel;
  for (std::uint64_t r = part.first_row; r < part.end_row; r += kPanelRows) {
    const std::uint64_t left = part.end_row - r;
    multiply_rows<Traits>({part, panel, r, left < kPanelRows ? static_cast<int>(left) : kPanelRows});
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
