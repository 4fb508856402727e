// OpCaseBuilder: what makers of op cases share: steps over several sequences, random operands with
// poison behind them, a cache. Depends on kernels and op_cases.h. One maker at a time; any
// thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "kernels/kv_rows.h"
#include "tests/support/kernels/op_cases.h"

namespace blue::test {

inline constexpr std::uint32_t kVocabulary = 37;
inline constexpr std::uint32_t kGuardValues =
    32;  ///< poison behind each operand, which no op may touch

inline std::string text(std::string_view name, std::uint64_t number) {
  return ", " + std::string(name) + " " + std::to_string(number);
}

class OpCaseBuilder {
 public:
  explicit OpCaseBuilder(std::uint32_t seed) : random_(seed) {}
  std::vector<OpCase> take() { return std::move(cases_); }

 protected:
  float between(float low, float high) {
    return std::uniform_real_distribution<float>(low, high)(random_);
  }
  std::uint32_t below(std::uint32_t end) {
    return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(random_);
  }

  OpCase start(kernels::OpKind kind, std::uint32_t n_tokens, std::uint32_t n_outputs) {
    OpCase made;
    made.op.kind = kind;
    made.op.layer = 1;
    made.op.in = kind == kernels::OpKind::embed ? kernels::kNoOperand : kInOperand;
    made.op.out = kOutOperand;
    const bool is_binary =
        kind == kernels::OpKind::kv_append || kind == kernels::OpKind::silu_mul ||
        kind == kernels::OpKind::add || kind == kernels::OpKind::expert_linear ||
        kind == kernels::OpKind::expert_sum || kind == kernels::OpKind::index_topk;
    made.op.in2 = is_binary ? kIn2Operand : kernels::kNoOperand;
    make_step(made.step, n_tokens, n_outputs);
    made.magnitudes.position = static_cast<std::uint32_t>(
        *std::max_element(made.step.positions.begin(), made.step.positions.end()));
    return made;
  }

  /// Tokens belong to several sequences, which begin at 0, in the middle of a page, or just before
  /// its end.
  void make_step(StepCase& step, std::uint32_t n_tokens, std::uint32_t n_outputs) {
    const std::uint32_t starts[] = {70, 0, kernels::kPageTokens - 2, 300};
    std::uint32_t made = 0;
    std::uint32_t n_sequences = 0;
    std::uint32_t longest = 0;
    while (made < n_tokens) {
      const std::uint32_t length = std::min(1 + below(2 + n_tokens / 2), n_tokens - made);
      const std::uint32_t from = starts[n_sequences % 4];
      for (std::uint32_t i = 0; i < length; ++i) {
        step.token_ids.push_back(
            static_cast<std::int32_t>(made == 0 ? kVocabulary - 1 : below(kVocabulary)));
        step.positions.push_back(static_cast<std::int32_t>(from + i));
        step.sequences.push_back(static_cast<std::int32_t>(n_sequences));
        ++made;
      }
      longest = std::max(longest, from + length);
      ++n_sequences;
    }
    step.page_table_stride = (longest + kernels::kPageTokens - 1) / kernels::kPageTokens + 1;
    step.n_pages = step.page_table_stride * n_sequences;
    step.page_table.resize(step.n_pages);
    std::iota(step.page_table.begin(), step.page_table.end(), 0);
    std::shuffle(step.page_table.begin(), step.page_table.end(), random_);
    for (std::uint32_t o = 0; o < n_outputs; ++o)
      step.output_rows.push_back(static_cast<std::int32_t>(below(n_tokens)));
  }

  static void set_heads(OpCase& made, std::uint32_t n_heads, std::uint32_t n_kv_heads,
                        std::uint32_t head_dim) {
    made.op.n_heads = n_heads;
    made.op.n_kv_heads = n_kv_heads;
    made.op.head_dim = head_dim;
  }

  /// Encoding is what takes the time, so the first rows are repeated: after a prime number of them,
  /// that no kernel goes by.
  void put_weight(OpCase& made, const kernels::Format& format, std::uint64_t rows,
                  std::uint64_t cols) {
    constexpr std::uint64_t kDistinctRows = 17;
    std::vector<float> values(std::min(rows, kDistinctRows) * cols);
    for (float& value : values) value = between(-1.0F, 1.0F);
    std::vector<std::byte> distinct(std::min(rows, kDistinctRows) * format.row_bytes(cols));
    format.encode(values, distinct);
    format.decode(distinct, values);
    made.op.weight = 0;
    made.format = &format;
    made.weight_rows = rows;
    made.weight.resize(rows * format.row_bytes(cols));
    for (std::size_t at = 0; at < made.weight.size(); at += distinct.size())
      std::memcpy(made.weight.data() + at, distinct.data(),
                  std::min(distinct.size(), made.weight.size() - at));
    for (const float value : values)
      made.magnitudes.weight = std::max<double>(made.magnitudes.weight, std::fabs(value));
  }

  void put_divisors(OpCase& made, std::uint32_t n) {
    std::vector<float> values(n);
    for (float& value : values) value = between(1.0F, 8.0F);
    made.op.weight = 0;
    made.format = kernels::find_format("F32");
    made.weight_rows = 1;
    made.weight.resize(n * sizeof(float));
    made.format->encode(values, made.weight);
  }

  /// A route row per token of the step: distinct experts and their weights. The first two tokens
  /// choose the same ones.
  void put_route(OpCase& made) {
    const std::size_t top_k = made.op.top_k;
    std::vector<float>& rows = made.activations[kIn2Operand];
    for (std::size_t t = 0; t < made.step.token_ids.size(); ++t) {
      std::vector<float> ids(made.op.n_experts);
      std::iota(ids.begin(), ids.end(), 0.0F);
      std::shuffle(ids.begin(), ids.end(), random_);
      for (std::size_t j = 0; j < top_k; ++j) rows.push_back(t == 1 ? rows[j] : ids[j]);
      for (std::size_t j = 0; j < top_k; ++j) rows.push_back(between(-1.0F, 1.0F));
    }
    rows.insert(rows.end(), kGuardValues, std::numeric_limits<float>::quiet_NaN());
  }

  void put_in(OpCase& made, kernels::Operand operand, std::uint64_t n, float largest) {
    std::vector<float>& values = made.activations[operand];
    values.assign(n + kGuardValues, std::numeric_limits<float>::quiet_NaN());
    for (std::uint64_t i = 0; i < n; ++i) values[i] = between(-largest, largest);
    values[0] = largest;
    if (n > 1) values[n - 1] = -largest;
    (operand == kInOperand ? made.magnitudes.in : made.magnitudes.weight) = largest;
  }

  static void put_out(OpCase& made, std::uint64_t n) {
    made.activations[kOutOperand].assign(n + kGuardValues, std::numeric_limits<float>::quiet_NaN());
  }

  /// Two layers, all poison: an op that reads a token that was not written gives NaN. Gaps are
  /// between values, pages and layers.
  static void put_cache(OpCase& made, kernels::KvType type, std::uint32_t k_width,
                        std::uint32_t v_width) {
    const std::uint64_t keys = kernels::kPageTokens * kernels::kv_row_bytes(type, k_width);
    const std::uint64_t values = kernels::kPageTokens * kernels::kv_row_bytes(type, v_width);
    made.kv.type = type;
    made.kv.k_width = k_width;
    made.kv.v_width = v_width;
    made.kv.v_offset = keys + 64;
    made.kv.page_stride = keys + values + 192;
    made.kv.layer_stride = made.kv.page_stride * made.step.n_pages + 256;
    made.kv_bytes.assign(2 * made.kv.layer_stride, std::byte{0xff});
  }

  /// Random keys and values in the op's layer, up to the last position that the step holds of each
  /// sequence.
  void fill_cache(OpCase& made) {
    for (std::size_t t = 0; t < made.step.positions.size(); ++t) {
      for (std::uint32_t p = 0; p <= static_cast<std::uint32_t>(made.step.positions[t]); ++p) {
        const std::size_t row =
            static_cast<std::size_t>(made.step.sequences[t]) * made.step.page_table_stride;
        const std::int32_t page = made.step.page_table[row + p / kernels::kPageTokens];
        const std::uint64_t at = made.op.layer * made.kv.layer_stride +
                                 static_cast<std::uint64_t>(page) * made.kv.page_stride;
        const std::uint64_t token = p % kernels::kPageTokens;
        fill_row(made, at + token * kernels::kv_row_bytes(made.kv.type, made.kv.k_width),
                 made.kv.k_width);
        fill_row(
            made,
            at + made.kv.v_offset + token * kernels::kv_row_bytes(made.kv.type, made.kv.v_width),
            made.kv.v_width);
      }
    }
    made.magnitudes.weight = 1.0;
    made.magnitudes.value = 1.0;
  }

  void fill_row(OpCase& made, std::uint64_t at, std::uint32_t width) {
    if (made.kv.type == kernels::KvType::q8_0) return fill_blocks(made, at, width);
    for (std::uint32_t i = 0; i < width; ++i) {
      const float value = between(-1.0F, 1.0F);
      const std::uint16_t half = kernels::float_to_half(value);
      if (made.kv.type == kernels::KvType::f16) {
        std::memcpy(made.kv_bytes.data() + at + std::uint64_t{i} * 2, &half, sizeof half);
      } else {
        std::memcpy(made.kv_bytes.data() + at + std::uint64_t{i} * 4, &value, sizeof value);
      }
    }
  }

  void fill_blocks(OpCase& made, std::uint64_t at, std::uint32_t width) {
    std::vector<float> values(width);
    for (float& value : values) value = between(-1.0F, 1.0F);
    kernels::find_format("Q8_0")->encode(
        values, std::span(made.kv_bytes).subspan(at, kernels::kv_row_bytes(made.kv.type, width)));
  }

  void finish(OpCase made, const std::string& shape) {
    made.name = std::string(kernels::to_text(made.op.kind));
    if (made.format != nullptr) made.name += " " + std::string(made.format->name);
    made.name += shape;
    cases_.push_back(std::move(made));
  }

 private:
  std::mt19937 random_;
  std::vector<OpCase> cases_;
};

/// The cases of latent attention and its indexer: part of op_cases().
std::vector<OpCase> latent_op_cases();

}  // namespace blue::test
