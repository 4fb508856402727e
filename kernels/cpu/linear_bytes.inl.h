// Linear over a quantised weight with activations as bytes (byte_rows.h), written once for every format and instruction set.
// Few tokens: each row of the weight is multiplied from where it lies, bound by memory. More: a panel of kLanes rows is
// unpacked once into the first cache, four columns of every row to a vector, and multiplied with all tokens.
// Include only from translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/byte_block.inl.h"
#include "kernels/cpu/byte_rows.h"
#include "kernels/cpu/format_kernels.h"

namespace blue::kernels::cpu {
namespace {

/// Below this many tokens a panel costs more to unpack than it saves.
constexpr std::uint64_t kPanelTokens = 4;

BLUE_SIMD std::byte* byte_row(const LinearPart& part, std::uint64_t token) {
  return part.bytes + (part.row_of != nullptr ? part.row_of[token] : token) * byte_row_stride(part.cols);
}

/// The running sums of one weight row against one token. Four, because each addition waits for the one before it.
struct RowSums {
  __m256 lanes[4];
  __m256 mins;
};

/// Scale of the weight times scale of the activations for the 32 values from 32 · g on.
template <class Traits>
BLUE_SIMD __m256 factor_at(const float* scales, const float* activation_scales, int g) {
  if constexpr (Traits::kGroup == 32) {
    return _mm256_set1_ps(scales[g] * activation_scales[g]);
  } else {
    const __m256 both =
        _mm256_set_m128(_mm_broadcast_ss(scales + 2 * g + 1), _mm_broadcast_ss(scales + 2 * g));
    return _mm256_mul_ps(both, _mm256_broadcast_ss(activation_scales + g));
  }
}

template <class Traits>
BLUE_SIMD __m256i start_at(const ByteRow& x, std::uint64_t g) {
  if constexpr (!kNeedsBias || ByteBlock<Traits>::kKind == ByteKind::unsigned_low) {
    return _mm256_setzero_si256();
  } else if constexpr (Traits::kGroup == 32) {
    return _mm256_castsi128_si256(_mm_cvtsi32_si128(x.biases[g]));
  } else {
    return spread_two(x.half_biases + 2 * g);
  }
}

/// Minimums of a block times the sums of their activations: `n` of them.
BLUE_SIMD __m256 add_mins(const float* mins, const float* sums, int n, __m256 total) {
  if (n % 8 == 0) {
    BLUE_UNROLL
    for (int i = 0; i < n; i += 8)
      total = _mm256_fmadd_ps(_mm256_loadu_ps(mins + i), _mm256_loadu_ps(sums + i), total);
    return total;
  }
  float sum = 0.0F;
  for (int i = 0; i < n; ++i) sum += mins[i] * sums[i];
  return _mm256_add_ps(total, _mm256_castps128_ps256(_mm_set_ss(sum)));
}

template <class Traits>
BLUE_SIMD void add_block(RowSums& sums, const typename Traits::Block* block, const ByteRow& x,
                         std::uint64_t first_group, int first_lane) {
  using Block = ByteBlock<Traits>;
  constexpr int kParts = Traits::kValues / 32;
  const Block weights(block);
  BLUE_UNROLL
  for (int g = 0; g < kParts; ++g) {
    const std::uint64_t at = first_group + static_cast<std::uint64_t>(g);
    const __m256i ints =
        dot_half<Block::kKind>(start_at<Traits>(x, at), as_operand<Block::kKind>(weights.bytes(g)),
                               load_32_bytes(x.values + at * kByteGroup));
    __m256& lanes = sums.lanes[(first_lane + g) % 4];
    lanes = _mm256_fmadd_ps(_mm256_cvtepi32_ps(ints),
                            factor_at<Traits>(weights.scales(), x.scales + first_group, g), lanes);
  }
  if constexpr (Block::kHasMins) {
    const float* activations = Traits::kGroup == 32 ? x.sums + first_group : x.half_sums + 2 * first_group;
    sums.mins = add_mins(weights.mins(), activations, Traits::kValues / Traits::kGroup, sums.mins);
  }
}

template <class Traits>
float dot_bytes(const std::byte* row, const ByteRow& x, std::uint64_t cols) {
  constexpr std::uint64_t kPrefetch = 2048;  // bytes; the hardware's own prefetching ends at each page
  constexpr std::uint64_t kParts = Traits::kValues / 32;
  constexpr std::uint64_t kAtOnce = kParts >= 4 ? 1 : 4 / kParts;
  const auto* blocks = reinterpret_cast<const typename Traits::Block*>(row);
  const std::uint64_t n_blocks = cols / Traits::kValues;
  RowSums sums = {{_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()},
                  _mm256_setzero_ps()};
  std::uint64_t b = 0;
  for (; b + kAtOnce <= n_blocks; b += kAtOnce) {
    const auto* ahead = reinterpret_cast<const char*>(blocks + b) + kPrefetch;
    for (std::uint64_t line = 0; line < kAtOnce * sizeof(typename Traits::Block); line += 64)
      _mm_prefetch(ahead + line, _MM_HINT_T0);
    BLUE_UNROLL
    for (std::uint64_t i = 0; i < kAtOnce; ++i)
      add_block<Traits>(sums, blocks + b + i, x, (b + i) * kParts, static_cast<int>(i * kParts));
  }
  for (; b < n_blocks; ++b) add_block<Traits>(sums, blocks + b, x, b * kParts, 0);
  const __m256 both =
      _mm256_add_ps(_mm256_add_ps(sums.lanes[0], sums.lanes[1]), _mm256_add_ps(sums.lanes[2], sums.lanes[3]));
  const __m256 all = _mm256_sub_ps(both, sums.mins);
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

constexpr int kPanelCols = 1024;  // 16 rows of it are 16 KiB
constexpr int kTokensAtOnce =
    kLanes == 16 ? 8 : 4;  // as many float and as many integer sums stay in registers

/// kLanes rows of a weight, up to kPanelCols columns of them, as linear_bytes multiplies them.
template <class Traits>
struct Panel {
  static constexpr int kSubgroups = 32 / Traits::kGroup;  ///< scales per 32 columns
  static constexpr int kGroups = kPanelCols / 32;
  alignas(64) std::uint8_t quads[kGroups][8][kLanes * 4];
  alignas(64) float scales[kGroups * kSubgroups][kLanes];
  alignas(64) float mins[kGroups * kSubgroups][kLanes];
};

/// Unpacks `n_groups` groups of 32 columns of n_rows rows; rows that the last panel lacks are zeros.
template <class Traits>
void fill_panel(Panel<Traits>& panel, const std::byte* first, std::uint64_t row_bytes, int n_rows,
                int n_groups) {
  using Block = ByteBlock<Traits>;
  constexpr int kParts = Traits::kValues / 32;
  constexpr int kScales = Traits::kValues / Traits::kGroup;
  alignas(64) std::uint8_t rows[kLanes][Traits::kValues];
  for (int r = n_rows; r < kLanes; ++r) {
    for (int i = 0; i < Traits::kValues; ++i) rows[r][i] = 0;
  }
  for (int b = 0; b < n_groups / kParts; ++b) {
    for (int r = 0; r < kLanes; ++r) {
      if (r >= n_rows) {
        for (int s = 0; s < kScales; ++s)
          panel.scales[b * kScales + s][r] = panel.mins[b * kScales + s][r] = 0.0F;
        continue;
      }
      const auto* blocks =
          reinterpret_cast<const typename Traits::Block*>(first + static_cast<std::uint64_t>(r) * row_bytes);
      const Block block(blocks + b);
      BLUE_UNROLL
      for (int g = 0; g < kParts; ++g) {
        _mm256_store_si256(reinterpret_cast<__m256i*>(rows[r] + 32 * g),
                           as_operand<Block::kKind>(block.bytes(g)));
      }
      for (int s = 0; s < kScales; ++s) panel.scales[b * kScales + s][r] = block.scales()[s];
      if constexpr (Block::kHasMins) {
        for (int s = 0; s < kScales; ++s) panel.mins[b * kScales + s][r] = block.mins()[s];
      }
    }
    for (int g = 0; g < kParts; ++g) {
      Ints quads[8];
      interleave_rows(rows[0] + 32 * g, Traits::kValues, quads);
      BLUE_UNROLL
      for (int k = 0; k < 8; ++k) store_ints(panel.quads[b * kParts + g][k], quads[k]);
    }
  }
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

/// totals[t] += panel · rows[t] over n_groups groups from first_group on.
template <class Traits, int kTokens>
BLUE_SIMD void multiply_panel(const Panel<Traits>& panel, const std::byte* const (&rows)[kTokens],
                              const RowOffsets& offsets, std::uint64_t first_group, int n_groups,
                              Vec (&totals)[kTokens]) {
  using Block = ByteBlock<Traits>;
  constexpr int kSubgroups = Panel<Traits>::kSubgroups;
  constexpr bool kHasStart = kNeedsBias && Block::kKind == ByteKind::with_sign;
  for (int g = 0; g < n_groups; ++g) {
    const std::uint64_t at = first_group + static_cast<std::uint64_t>(g);
    BLUE_UNROLL
    for (int s = 0; s < kSubgroups; ++s) {
      const std::uint64_t sub = at * kSubgroups + static_cast<std::uint64_t>(s);
      Ints sums[kTokens];
      BLUE_UNROLL
      for (int t = 0; t < kTokens; ++t)
        sums[t] = all_ints(kHasStart ? read<std::int32_t>(rows[t], offsets.biases, sub) : 0);
      BLUE_UNROLL
      for (int k = 0; k < 8 / kSubgroups; ++k) {
        const int quad = s * (8 / kSubgroups) + k;
        const Ints weights = load_ints(panel.quads[g][quad]);
        BLUE_UNROLL
        for (int t = 0; t < kTokens; ++t) {
          sums[t] = dot<Block::kKind>(sums[t], weights,
                                      all_ints(read<std::int32_t>(rows[t] + quad * 4, 0, at * 8)));
        }
      }
      const Vec scales = load(panel.scales[g * kSubgroups + s]);
      BLUE_UNROLL
      for (int t = 0; t < kTokens; ++t) {
        totals[t] = mul_add(to_floats(sums[t]), mul(scales, all(read<float>(rows[t], offsets.scales, at))),
                            totals[t]);
      }
      if constexpr (Block::kHasMins) {
        const Vec mins = load(panel.mins[g * kSubgroups + s]);
        BLUE_UNROLL
        for (int t = 0; t < kTokens; ++t)
          totals[t] = sub_mul(totals[t], mins, all(read<float>(rows[t], offsets.sums, sub)));
      }
    }
  }
}

/// Tokens [first, first + kTokens) against one panel; out takes the first part of a row's sum or adds a later one.
template <class Traits, int kTokens>
void multiply_tokens(const LinearPart& part, const Panel<Traits>& panel, std::uint64_t first,
                     std::uint64_t row, int n_rows, std::uint64_t first_group, int n_groups) {
  const std::byte* rows[kTokens];
  Vec totals[kTokens];
  float* out = part.out + first * part.out_width + row;
  BLUE_UNROLL
  for (int t = 0; t < kTokens; ++t) {
    rows[t] = byte_row(part, first + static_cast<std::uint64_t>(t));
    totals[t] =
        first_group == 0 ? zero() : load_first(out + static_cast<std::uint64_t>(t) * part.out_width, n_rows);
  }
  multiply_panel<Traits, kTokens>(panel, rows, RowOffsets::of<Traits>(part.cols), first_group, n_groups,
                                  totals);
  BLUE_UNROLL
  for (int t = 0; t < kTokens; ++t)
    store_first(out + static_cast<std::uint64_t>(t) * part.out_width, totals[t], n_rows);
}

template <class Traits>
void multiply_rows(const LinearPart& part, Panel<Traits>& panel, std::uint64_t row, int n_rows) {
  for (std::uint64_t c = 0; c < part.cols; c += kPanelCols) {
    const std::uint64_t left = part.cols - c;
    const int n_groups = static_cast<int>(left < kPanelCols ? left : kPanelCols) / 32;
    const std::uint64_t first_group = c / 32;
    const std::byte* first =
        part.weight + row * part.row_bytes + c / Traits::kValues * sizeof(typename Traits::Block);
    fill_panel(panel, first, part.row_bytes, n_rows, n_groups);
    std::uint64_t t = 0;
    for (; t + kTokensAtOnce <= part.n_tokens; t += kTokensAtOnce)
      multiply_tokens<Traits, kTokensAtOnce>(part, panel, t, row, n_rows, first_group, n_groups);
    for (; t + 2 <= part.n_tokens; t += 2)
      multiply_tokens<Traits, 2>(part, panel, t, row, n_rows, first_group, n_groups);
    if (t < part.n_tokens) multiply_tokens<Traits, 1>(part, panel, t, row, n_rows, first_group, n_groups);
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
  for (std::uint64_t r = part.first_row; r < part.end_row; r += kLanes) {
    const std::uint64_t left = part.end_row - r;
    multiply_rows<Traits>(part, panel, r, left < kLanes ? static_cast<int>(left) : kLanes);
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
