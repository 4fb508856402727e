// Attention of many query rows in tiles: some positions' keys and values are widened to floats and
// packed once, the keys turned so that positions are in lanes, then multiplied with all rows as two
// small matrix products around an online softmax. A row's arithmetic does not depend on which rows
// are beside it. Include only from *_avx2.cpp and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/attention_part.h"
#include "kernels/cpu/simd/cache_values.inl.h"
#include "kernels/cpu/simd/simd.inl.h"
#include "kernels/cpu/simd/transpose.inl.h"

namespace blue::kernels::cpu {
namespace {

constexpr int kTileKeys = static_cast<int>(kRangeStep);
constexpr int kPanelKeys = 2 * kLanes;
constexpr int kBlockRows = kLanes == 16 ? 8 : 6;  ///< query rows whose sums stay in registers
constexpr int kMostRows = static_cast<int>(kMostQueryRows) + kBlockRows;
/// Rows of values are apart by no power of two: they would share cache sets.
constexpr int kPadding = 16;
constexpr int kWidestFullTile = 640;  ///< wider keys are taken kTileKeys / 2 at a time
constexpr int kTileValues = kTileKeys * (kWidestFullTile + kPadding);
static_assert(kTileValues >= kTileKeys / 2 * static_cast<int>(kMaxLatentDim + kPadding));
static_assert(kTileKeys % kPanelKeys == 0 && kTileKeys / 2 % kPanelKeys == 0);

/// The positions that are multiplied now.
struct AttentionTile {
  int n;  ///< positions
  int key_dim;
  int value_dim;
  int value_stride;
  const std::byte* key_rows[kTileKeys];
  const std::byte* value_rows[kTileKeys];
  alignas(64) float keys[kTileValues];    ///< panels of [key_dim, kPanelKeys]
  alignas(64) float values[kTileValues];  ///< [n, value_stride]
};

/// Query rows with their running softmax; up to a whole block the first is repeated, and its
/// results are not read.
struct TileQueries {
  int n;
  int n_blocks;
  const float* q[kMostRows];
  std::uint32_t n_visible[kMostRows];      ///< positions that the row attends to
  int n_seen[kMostRows / kBlockRows + 1];  ///< by block: positions of the tile that any row sees
  Softmax softmax[kMostRows];
  alignas(64) float shares[kMostRows][kTileKeys];  ///< scores first, then their exponentials
  /// [n, value_stride] exp(score - largest) · value, summed.
  alignas(64) float sums[kMostSums + kBlockRows * (kMaxLatentDim + kPadding)];
};

/// kLanes rows' keys from `to` on, down one side of a panel.
template <class Rows>
BLUE_SIMD void pack_key_block(const std::byte* const (&rows)[kLanes], int column, int dim,
                              float* to) {
  const int in_vectors = n_in_vectors<Rows>(column, dim);
  int d = 0;
  for (; d < in_vectors; d += kLanes) {
    Vec square[kLanes];
    BLUE_UNROLL
    for (int i = 0; i < kLanes; ++i) square[i] = Rows::at(rows[i], column + d);
    transpose(square);
    BLUE_UNROLL
    for (int i = 0; i < kLanes; ++i) store(to + (d + i) * kPanelKeys, square[i]);
  }
  for (; d < dim; ++d) {
    for (int i = 0; i < kLanes; ++i) to[d * kPanelKeys + i] = Rows::one(rows[i], column + d);
  }
}

/// The head's keys; in the last block, behind the last row, the last again.
template <class Rows>
void pack_keys(AttentionTile& tile, int column) {
  for (int first = 0; first < tile.n; first += kLanes) {
    const std::byte* rows[kLanes];
    for (int i = 0; i < kLanes; ++i)
      rows[i] = tile.key_rows[first + i < tile.n ? first + i : tile.n - 1];
    float* panel = tile.keys + first / kPanelKeys * tile.key_dim * kPanelKeys;
    pack_key_block<Rows>(rows, column, tile.key_dim, panel + first % kPanelKeys);
  }
}

template <class Rows>
void pack_values(AttentionTile& tile, int column) {
  const int in_vectors = n_in_vectors<Rows>(column, tile.value_dim);
  for (int t = 0; t < tile.n; ++t) {
    const std::byte* row = tile.value_rows[t];
    float* to = tile.values + t * tile.value_stride;
    int c = 0;
    for (; c < in_vectors; c += kLanes) store(to + c, Rows::at(row, column + c));
    for (; c < tile.value_dim; ++c) to[c] = Rows::one(row, column + c);
  }
}

/// to[r] = scale · (q[r] · each key of the panel), kTileKeys apart.
BLUE_SIMD void score_block(const float* const* q, const float* panel, int dim, float scale,
                           float* to) {
  const float* rows[kBlockRows];
  Vec sums[kBlockRows][2];
  BLUE_UNROLL
  for (int r = 0; r < kBlockRows; ++r) {
    rows[r] = q[r];
    sums[r][0] = sums[r][1] = zero();
  }
  for (std::ptrdiff_t d = 0; d < dim; ++d, panel += kPanelKeys) {
    const Vec low = load(panel);
    const Vec high = load(panel + kLanes);
    BLUE_UNROLL
    for (int r = 0; r < kBlockRows; ++r) {
      const Vec x = all(rows[r][d]);
      sums[r][0] = mul_add(x, low, sums[r][0]);
      sums[r][1] = mul_add(x, high, sums[r][1]);
    }
  }
  BLUE_UNROLL
  for (int r = 0; r < kBlockRows; ++r) {
    store(to + r * kTileKeys, mul(sums[r][0], all(scale)));
    store(to + r * kTileKeys + kLanes, mul(sums[r][1], all(scale)));
  }
}

/// Scores, then shares, of every row that sees one of the tile's positions, which begin at `first`.
void share_tile(TileQueries& queries, const AttentionTile& tile, std::uint32_t first, float scale) {
  const auto seen_by = [&](int row) {
    const std::uint32_t n = queries.n_visible[row] > first ? queries.n_visible[row] - first : 0;
    return n < static_cast<std::uint32_t>(tile.n) ? static_cast<int>(n) : tile.n;
  };
  for (int block = 0; block < queries.n_blocks; ++block) {
    int most = 0;
    for (int r = block * kBlockRows; r < (block + 1) * kBlockRows; ++r)
      most = seen_by(r) > most ? seen_by(r) : most;
    queries.n_seen[block] = most;
  }
  for (int key = 0; key < tile.n; key += kPanelKeys) {
    const float* panel = tile.keys + key * tile.key_dim;
    for (int block = 0; block < queries.n_blocks; ++block) {
      if (queries.n_seen[block] <= key) continue;
      const int row = block * kBlockRows;
      score_block(queries.q + row, panel, tile.key_dim, scale, queries.shares[row] + key);
    }
  }
  for (int block = 0; block < queries.n_blocks; ++block) {
    const int n_padded = (queries.n_seen[block] + kLanes - 1) / kLanes * kLanes;
    if (n_padded == 0) continue;
    for (int r = block * kBlockRows; r < (block + 1) * kBlockRows; ++r)
      weigh(queries.shares[r], seen_by(r), n_padded, queries.softmax[r]);
  }
}

/// kVectors vectors of a block's sums: rescaled, then the shares of n positions times their values
/// added.
template <int kVectors>
BLUE_SIMD void add_block(const float* shares, const Softmax* softmax, const float* values, int n,
                         std::ptrdiff_t stride, float* sums) {
  Vec to[kBlockRows][kVectors];
  BLUE_UNROLL
  for (int r = 0; r < kBlockRows; ++r) {
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v)
      to[r][v] = mul(load(sums + r * stride + v * kLanes), all(softmax[r].rescale));
  }
  for (std::ptrdiff_t t = 0; t < n; ++t, values += stride) {
    Vec value[kVectors];
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v) value[v] = load(values + v * kLanes);
    BLUE_UNROLL
    for (int r = 0; r < kBlockRows; ++r) {
      const Vec share = all(shares[r * kTileKeys + t]);
      BLUE_UNROLL
      for (int v = 0; v < kVectors; ++v) to[r][v] = mul_add(share, value[v], to[r][v]);
    }
  }
  BLUE_UNROLL
  for (int r = 0; r < kBlockRows; ++r) {
    BLUE_UNROLL
    for (int v = 0; v < kVectors; ++v) store(sums + r * stride + v * kLanes, to[r][v]);
  }
}

/// Some columns of the values stay in the first cache for all rows.
template <int kVectors>
BLUE_SIMD void add_columns(TileQueries& queries, const AttentionTile& tile, int column) {
  for (int block = 0; block < queries.n_blocks; ++block) {
    if (queries.n_seen[block] == 0) continue;
    const int row = block * kBlockRows;
    add_block<kVectors>(queries.shares[row], queries.softmax + row, tile.values + column,
                        queries.n_seen[block], tile.value_stride,
                        queries.sums + row * tile.value_stride + column);
  }
}

void add_tile(TileQueries& queries, const AttentionTile& tile) {
  int column = 0;
  for (; column + kLanes < tile.value_dim; column += 2 * kLanes)
    add_columns<2>(queries, tile, column);
  if (column < tile.value_dim) add_columns<1>(queries, tile, column);
}

}  // namespace
}  // namespace blue::kernels::cpu
