// Panel<Traits>: some rows of a quantised weight as bytes, unpacked once for all
// tokens, four columns of every row to a vector. Include only from translation units with an
// instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/format_kernels.h"
#include "kernels/cpu/simd/row_dot_i8.inl.h"

namespace blue::kernels::cpu {
namespace {

// Broadcasts of activations limit the rate (one a cycle), so with AVX-512 each is multiplied with
// two vectors of rows; 24 sums and totals stay in registers.
constexpr int kSides = kLanes == 16 ? 2 : 1;
constexpr int kPanelRows = kSides * kLanes;
constexpr int kPanelCols = 512;  // 32 rows of it are 16 KiB
constexpr int kTokensAtOnce = kHasVnni ? 6 : 4;
static_assert(kRowsAtOnce % kPanelRows == 0);

BLUE_SIMD std::byte* q8_row(const LinearPart& part, std::uint64_t token) {
  return part.bytes +
         (part.row_of != nullptr ? part.row_of[token] : token) * q8_row_stride(part.cols);
}

/// Offsets of a row's arrays from its start, in bytes: the same for all tokens.
struct RowOffsets {
  std::uint64_t scales, sums, biases;

  template <class Traits>
  static RowOffsets of(std::uint64_t cols) {
    const Q8Row row = Q8Row::at(nullptr, cols);
    const auto offset = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at); };
    if constexpr (Traits::kGroup == 32)
      return {offset(row.scales), offset(row.sums), offset(row.biases)};
    return {offset(row.scales), offset(row.half_sums), offset(row.half_biases)};
  }
};

template <class T>
BLUE_SIMD T read(const std::byte* row, std::uint64_t offset, std::uint64_t index) {
  T value;
  __builtin_memcpy(&value, row + offset + index * sizeof(T), sizeof(T));
  return value;
}

/// What the bytes of a panel are: operands of dot(), or signed ones.
enum class PanelI8 { operand, s8 };

/// kPanelRows rows of a weight, up to kPanelCols columns of them, as linear_q8 multiplies them.
template <class Traits>
struct Panel {
  static constexpr int kSubgroups = 32 / Traits::kGroup;  ///< scales per 32 columns
  static constexpr int kGroups = kPanelCols / 32;
  alignas(64) std::uint8_t quads[kGroups][8][kPanelRows * 4];
  alignas(64) float scales[kGroups * kSubgroups][kPanelRows];
  alignas(64) float mins[kGroups * kSubgroups][kPanelRows];
};

template <class Block>
BLUE_SIMD __m256i signed_bytes(const Block& block, int g) {
  if constexpr (Block::kOffset == kSignOffset) return block.bytes(g);
  return _mm256_sub_epi8(block.shifted(g), _mm256_set1_epi8(static_cast<char>(Block::kOffset)));
}

/// A block's 32 values as a panel holds them: as an operand of VNNI the signed ones 128 higher,
/// whatever the format's offset.
template <class Traits, PanelI8 kBytes>
BLUE_SIMD __m256i panel_i8(const BlockI8<Traits>& block, int g) {
  using Block = BlockI8<Traits>;
  if constexpr (kBytes == PanelI8::s8) return signed_bytes(block, g);
  if constexpr (kHasVnni && kIsShifted<Block> && Block::kOffset < kSignOffset)
    return _mm256_add_epi8(block.shifted(g),
                           _mm256_set1_epi8(static_cast<char>(kSignOffset - Block::kOffset)));
  return row_operand<Traits>(block, g);
}

/// The shift from the biases of rows, -128 · Σ activations, to the start of a panel's sums, -offset
/// · Σ activations.
template <class Block>
constexpr int kStartShift = kHasVnni ? 0
                                     : __builtin_ctz(kSignOffset /
                                                     (Block::kOffset == 0 ? 1 : Block::kOffset));

/// The factors of a block's groups go to column `row` of `to`, one under the other.
template <int kGroups>
BLUE_SIMD void scatter(const float (&floats)[kGroups], float (*to)[kPanelRows], int row) {
  BLUE_UNROLL
  for (int s = 0; s < kGroups; ++s) to[s][row] = floats[s];
}

/// One block of one row: bytes into `to`, factors into column `row` of the panel's, from subgroup
/// `first` on.
template <class Traits, PanelI8 kBytes>
BLUE_SIMD void unpack_block(const typename Traits::QuantBlock* from, std::uint8_t* to,
                            Panel<Traits>& panel, int first, int row) {
  using Block = BlockI8<Traits>;
  constexpr int kScales = Traits::kValues / Traits::kGroup;
  const Block block(from);
  BLUE_UNROLL
  for (int g = 0; g < Traits::kValues / 32; ++g) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to + 32 * g), panel_i8<Traits, kBytes>(block, g));
  }
  alignas(64) float floats[kScales];
  if constexpr (Traits::kValues == kChunkValues) {
    block.scales().store(floats);
  } else {
    for (int s = 0; s < kScales; ++s) floats[s] = block.scale(s);
  }
  scatter(floats, panel.scales + first, row);
  if constexpr (Block::kHasMins) {
    if constexpr (Traits::kValues == kChunkValues) {
      block.mins().store(floats);
    } else {
      for (int s = 0; s < kScales; ++s) floats[s] = block.min(s);
    }
    scatter(floats, panel.mins + first, row);
  }
}

/// Unpacks `n_groups` groups of 32 columns of n_rows rows; rows that the last panel lacks are
/// zeros.
template <class Traits, PanelI8 kBytes>
void fill_panel(Panel<Traits>& panel, const std::byte* first, std::uint64_t row_bytes, int n_rows,
                int n_groups) {
  constexpr int kParts = Traits::kValues / 32;
  constexpr int kScales = Traits::kValues / Traits::kGroup;
  alignas(64) std::uint8_t rows[kPanelRows][Traits::kValues];
  for (int b = 0; b < n_groups / kParts; ++b) {
    for (int r = 0; r < n_rows; ++r) {
      const auto* blocks = reinterpret_cast<const typename Traits::QuantBlock*>(
          first + static_cast<std::uint64_t>(r) * row_bytes);
      unpack_block<Traits, kBytes>(blocks + b, rows[r], panel, b * kScales, r);
    }
    for (int r = n_rows; r < kPanelRows; ++r) {
      for (int i = 0; i < Traits::kValues; ++i) rows[r][i] = 0;
      for (int s = 0; s < kScales; ++s)
        panel.scales[b * kScales + s][r] = panel.mins[b * kScales + s][r] = 0.0F;
    }
    for (int g = 0; g < kParts; ++g) {
      BLUE_UNROLL
      for (int side = 0; side < kSides; ++side) {
        Ints quads[8];
        interleave_rows(rows[side * kLanes] + 32 * g, Traits::kValues, quads);
        BLUE_UNROLL
        for (int k = 0; k < 8; ++k)
          store_ints(panel.quads[b * kParts + g][k] + side * kLanes * 4, quads[k]);
      }
    }
  }
}

/// One panel, and the columns that it holds now.
template <class Traits>
struct PanelPart {
  const LinearPart& linear;
  Panel<Traits>& panel;
  std::uint64_t row;
  int n_rows;
  std::uint64_t first_group = 0;
  int n_groups = 0;

  /// Rows of a side that exist.
  [[nodiscard]] BLUE_SIMD int n_rows_of(int side) const {
    const int left = n_rows - side * kLanes;
    return left < 0 ? 0 : left < kLanes ? left : kLanes;
  }
};

/// Calls each(part) with one panel of rows after the other, unpacked, and of each with one part of
/// its columns after the other.
template <class Traits, PanelI8 kBytes, class Each>
void for_each_panel(const LinearPart& linear, const Each& each) {
  static_assert(Traits::kValues % 32 == 0 && kPanelCols % Traits::kValues == 0);
  Panel<Traits> panel;
  for (std::uint64_t r = linear.first_row; r < linear.end_row; r += kPanelRows) {
    const std::uint64_t left = linear.end_row - r;
    PanelPart<Traits> part{linear, panel, r,
                           left < kPanelRows ? static_cast<int>(left) : kPanelRows};
    for (std::uint64_t c = 0; c < linear.cols; c += kPanelCols) {
      const std::uint64_t n_cols = linear.cols - c < kPanelCols ? linear.cols - c : kPanelCols;
      part.n_groups = static_cast<int>(n_cols) / 32;
      part.first_group = c / 32;
      const std::byte* first = linear.weight + r * linear.row_bytes +
                               c / Traits::kValues * sizeof(typename Traits::QuantBlock);
      fill_panel<Traits, kBytes>(panel, first, linear.row_bytes, part.n_rows, part.n_groups);
      each(part);
    }
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
