// A part of attention over the paged cache in tiles: where its rows lie, in what order they are
// taken, where results go. Include only from *_avx2.cpp and *_avx512.cpp (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/attention_tiles.inl.h"
#include "kernels/kv_rows.h"

namespace blue::kernels::cpu {
namespace {

/// Of the step's token that holds row `row` of the part, and of its query head.
BLUE_SIMD std::uint64_t head_of(const AttentionPart& part, std::uint32_t kv_head,
                                std::uint32_t row) {
  const std::uint32_t group = part.shape.group();
  return std::uint64_t{part.token + row / group} * part.shape.n_heads + kv_head * group +
         row % group;
}

/// How many positions a row attends to.
BLUE_SIMD std::uint32_t n_visible_to(const AttentionPart& part, const StepInputs& inputs,
                                     std::uint32_t row) {
  if (part.chosen != nullptr) return part.end;
  return static_cast<std::uint32_t>(inputs.positions[part.token + row / part.shape.group()]) + 1;
}

/// Writes one query's result, divided, or apart from its divisor where the range is one of several.
BLUE_SIMD void write_result(const AttentionPart& part, std::uint64_t head, const float* sums,
                            const Softmax& softmax) {
  const std::uint32_t dim = part.shape.value_dim;
  if (part.partial == nullptr) {
    const float factor = 1.0F / softmax.divisor;
    float* out = part.out + head * dim;
    for (std::uint32_t i = 0; i < dim; ++i) out[i] = sums[i] * factor;
    return;
  }
  float* to =
      part.partial + (head - std::uint64_t{part.token} * part.shape.n_heads) * part.partial_stride;
  for (std::uint32_t i = 0; i < dim; ++i) to[i] = sums[i];
  to[dim] = softmax.largest;
  to[dim + 1] = softmax.divisor;
}

void gather_queries(TileQueries& queries, const AttentionPart& part, const StepInputs& inputs,
                    std::uint32_t kv_head, int value_stride) {
  queries.n = static_cast<int>(part.end_row - part.first_row);
  queries.n_blocks = (queries.n + kBlockRows - 1) / kBlockRows;
  for (int i = 0; i < queries.n_blocks * kBlockRows; ++i) {
    const std::uint32_t row = part.first_row + static_cast<std::uint32_t>(i < queries.n ? i : 0);
    queries.q[i] = part.q + head_of(part, kv_head, row) * part.shape.key_dim;
    queries.n_visible[i] = n_visible_to(part, inputs, row);
    queries.softmax[i] = {-__builtin_inff(), 0.0F, 1.0F};
  }
  const int n_sums = queries.n_blocks * kBlockRows * value_stride;
  for (int i = 0; i < n_sums; i += kLanes) store(queries.sums + i, zero());
}

/// Up to `most` rows of the cache from place `first` on. False where a list has ended.
bool find_rows(AttentionTile& tile, const Op& op, const KvView& kv, const StepInputs& inputs,
               const AttentionPart& part, std::uint32_t first, std::uint32_t end) {
  tile.n = 0;
  for (std::uint32_t i = first; i < end; ++i) {
    if (part.chosen != nullptr && part.chosen[i] < 0.0F) break;
    const std::uint32_t p = part.chosen == nullptr ? i : static_cast<std::uint32_t>(part.chosen[i]);
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, part.token, p));
    const std::byte* key = key_row(kv, page, p % kPageTokens);
    tile.key_rows[tile.n] = key;
    tile.value_rows[tile.n++] =
        part.shape.is_value_in_key ? key : value_row(kv, page, p % kPageTokens);
  }
  return tile.n > 0;
}

/// One kv head.
template <class Rows>
void attend_in_tiles(const Op& op, const KvView& kv, const StepInputs& inputs,
                     const AttentionPart& part, std::uint32_t kv_head, TileQueries& queries,
                     AttentionTile& tile) {
  tile.key_dim = static_cast<int>(part.shape.key_dim);
  tile.value_dim = static_cast<int>(part.shape.value_dim);
  tile.value_stride = (tile.value_dim + kLanes - 1) / kLanes * kLanes + kPadding;
  gather_queries(queries, part, inputs, kv_head, tile.value_stride);
  std::uint32_t end = 0;
  for (int i = 0; i < queries.n; ++i) end = queries.n_visible[i] > end ? queries.n_visible[i] : end;
  if (end > part.end) end = part.end;
  const auto step =
      static_cast<std::uint32_t>(tile.key_dim <= kWidestFullTile ? kTileKeys : kTileKeys / 2);
  for (std::uint32_t first = part.begin; first < end; first += step) {
    const std::uint32_t last = end - first < step ? end : first + step;
    if (!find_rows(tile, op, kv, inputs, part, first, last)) break;
    pack_keys<Rows>(tile, static_cast<int>(kv_head) * tile.key_dim);
    pack_values<Rows>(tile, static_cast<int>(kv_head) * tile.value_dim);
    share_tile(queries, tile, first, op.scale);
    add_tile(queries, tile);
  }
  for (int i = 0; i < queries.n; ++i) {
    const std::uint32_t row = part.first_row + static_cast<std::uint32_t>(i);
    write_result(part, head_of(part, kv_head, row), queries.sums + i * tile.value_stride,
                 queries.softmax[i]);
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
