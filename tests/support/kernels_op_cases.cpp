// How op cases are made; how they are run is in kernels_op_runs.cpp.
#include "tests/support/kernels_op_cases.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/check.h"
#include "kernels/kv_rows.h"

namespace blue::test {
namespace {

using kernels::Format;
using kernels::KvType;
using kernels::Op;
using kernels::OpKind;
using kernels::RowSet;

constexpr std::uint32_t kVocabulary = 37;
constexpr std::uint32_t kGuardValues = 32;  ///< poison behind each slot, which no op may touch

std::string text(std::string_view name, std::uint64_t number) {
  return ", " + std::string(name) + " " + std::to_string(number);
}

class CaseMaker {
 public:
  std::vector<OpCase> take() { return std::move(cases_); }

  void add_embeds(const Format& format, std::span<const std::uint32_t> all_cols) {
    for (const std::uint32_t cols : all_cols) {
      OpCase made = start(OpKind::embed, 7, 0);
      made.op.cols = cols;
      made.op.rows = kVocabulary;
      put_weight(made, format, kVocabulary, cols);
      put_out(made, std::uint64_t{7} * cols);
      finish(std::move(made), text("cols", cols));
    }
  }

  void add_linears(const Format& format, std::span<const std::uint32_t> all_cols) {
    for (const std::uint32_t cols : all_cols) {
      for (const std::uint32_t rows : {1U, 3U, 33U}) {
        for (const std::uint32_t n_tokens : {1U, 2U, 7U, 33U})
          add_linear(format, rows, cols, n_tokens, RowSet::tokens);
      }
    }
    add_linear(format, 5, all_cols.front(), 4, RowSet::outputs);
    add_linear(format, 517, all_cols.back(), 1, RowSet::tokens);   // enough work for several threads
    add_linear(format, 259, all_cols.back(), 70, RowSet::tokens);  // more tokens than one pass
  }

  /// What a format can get wrong by itself: every number of blocks, one token and several, one row set and the other.
  void add_essential_linears(const Format& format, std::span<const std::uint32_t> all_cols) {
    for (const std::uint32_t cols : all_cols) {
      for (const std::uint32_t n_tokens : {1U, 7U}) add_linear(format, 3, cols, n_tokens, RowSet::tokens);
    }
    add_linear(format, 5, all_cols.front(), 4, RowSet::outputs);
    add_linear(format, 33, all_cols.back(), 33, RowSet::tokens);
    add_linear(format, 67, all_cols.back(), 1, RowSet::tokens);
  }

  void add_linear(const Format& format, std::uint32_t rows, std::uint32_t cols, std::uint32_t n,
                  RowSet row_set) {
    OpCase made = start(OpKind::linear, n, n);
    made.op.row_set = row_set;
    made.op.rows = rows;
    made.op.cols = cols;
    put_weight(made, format, rows, cols);
    put_in(made, kInSlot, std::uint64_t{n} * cols, 1.0F);
    put_out(made, std::uint64_t{n} * rows);
    finish(std::move(made), text("rows", rows) + text("cols", cols) +
                                text(row_set == RowSet::tokens ? "tokens" : "outputs", n));
  }

  void add_norms() {
    const Format& f32 = *kernels::find_format("F32");
    for (const std::uint32_t cols : {1U, 7U, 64U, 100U, 1031U}) {
      for (const std::uint32_t n_heads : {1U, 3U}) {
        for (const kernels::Slot out : {kOutSlot, kInSlot}) {
          OpCase made = start(OpKind::rms_norm, 5, 5);
          made.op.row_set = out == kInSlot ? RowSet::tokens : RowSet::outputs;
          made.op.cols = cols;
          made.op.n_heads = n_heads;
          made.op.eps = 1e-5F;
          made.op.out = out;
          put_weight(made, f32, 1, cols);
          put_in(made, kInSlot, std::uint64_t{5} * n_heads * cols, 3.0F);
          put_out(made, std::uint64_t{5} * n_heads * cols);
          finish(std::move(made), text("cols", cols) + text("heads", n_heads) + text("out in slot", out));
        }
      }
    }
  }

  void add_pairwise(OpKind kind, float largest) {
    for (const std::uint32_t cols : {1U, 9U, 64U, 1037U, 70001U}) {
      for (const kernels::Slot out : {kOutSlot, kInSlot, kIn2Slot}) {
        OpCase made = start(kind, 3, 0);
        made.op.cols = cols;
        made.op.out = out;
        put_in(made, kInSlot, std::uint64_t{3} * cols, largest);
        put_in(made, kIn2Slot, std::uint64_t{3} * cols, 2.0F);
        put_out(made, std::uint64_t{3} * cols);
        finish(std::move(made), text("cols", cols) + text("out in slot", out));
      }
    }
  }

  void add_gathers() {
    for (const std::uint32_t n_outputs : {1U, 3U, 9U}) {
      OpCase made = start(OpKind::gather_rows, 9, n_outputs);
      made.op.row_set = RowSet::outputs;
      made.op.cols = 65;
      put_in(made, kInSlot, 9 * 65, 1.0F);
      put_out(made, std::uint64_t{n_outputs} * 65);
      finish(std::move(made), text("outputs", n_outputs));
    }
  }

  void add_ropes() {
    struct Shape {
      std::uint32_t n_heads, head_dim, rotary_dims;
      float base, scale;
    };
    const Shape shapes[] = {{1, 2, 2, 1e4F, 1.0F},    {4, 64, 64, 1e4F, 1.0F}, {3, 80, 80, 1e6F, 0.25F},
                            {2, 128, 64, 1e6F, 1.0F}, {5, 96, 32, 5e5F, 1.0F}, {16, 128, 128, 1e4F, 1.0F}};
    for (const Shape& shape : shapes) {
      for (const kernels::RopeStyle style : {kernels::RopeStyle::adjacent, kernels::RopeStyle::halves}) {
        OpCase made = start(OpKind::rope, 11, 0);
        made.op.rope_style = style;
        made.op.n_heads = shape.n_heads;
        made.op.head_dim = shape.head_dim;
        made.op.rotary_dims = shape.rotary_dims;
        made.op.rope_base = shape.base;
        made.op.rope_scale = shape.scale;
        made.op.out = kInSlot;
        put_in(made, kInSlot, std::uint64_t{11} * shape.n_heads * shape.head_dim, 1.0F);
        finish(std::move(made), text("heads", shape.n_heads) + text("head_dim", shape.head_dim) +
                                    text("rotary", shape.rotary_dims) +
                                    text("style", static_cast<unsigned>(style)));
      }
    }
  }

  void add_cache_ops(KvType type) {
    struct Shape {
      std::uint32_t n_heads, n_kv_heads, head_dim, n_tokens;
    };
    const Shape shapes[] = {{1, 1, 64, 1},  {4, 2, 64, 2},  {8, 2, 128, 7}, {3, 3, 80, 7}, {6, 1, 96, 33},
                            {2, 1, 256, 2}, {4, 4, 32, 33}, {2, 2, 8, 7},   {2, 1, 36, 7}};
    for (const Shape& shape : shapes) {
      const std::string name = text("heads", shape.n_heads) + text("kv heads", shape.n_kv_heads) +
                               text("head_dim", shape.head_dim) + text("tokens", shape.n_tokens) +
                               (type == KvType::f16 ? ", F16 cache" : ", F32 cache");
      const std::uint32_t kv_width = shape.n_kv_heads * shape.head_dim;
      OpCase append = start(OpKind::kv_append, shape.n_tokens, 0);
      set_heads(append, shape.n_heads, shape.n_kv_heads, shape.head_dim);
      put_in(append, kInSlot, std::uint64_t{shape.n_tokens} * kv_width, 1.0F);
      put_in(append, kIn2Slot, std::uint64_t{shape.n_tokens} * kv_width, 1.0F);
      append.op.out = kernels::kNoSlot;
      put_cache(append, type, kv_width);
      finish(std::move(append), name);

      OpCase attention = start(OpKind::attention, shape.n_tokens, 0);
      set_heads(attention, shape.n_heads, shape.n_kv_heads, shape.head_dim);
      attention.op.scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
      const std::uint64_t width = std::uint64_t{shape.n_heads} * shape.head_dim;
      put_in(attention, kInSlot, shape.n_tokens * width, 2.0F);
      put_out(attention, shape.n_tokens * width);
      put_cache(attention, type, kv_width);
      fill_cache(attention);
      finish(std::move(attention), name);
    }
  }

 private:
  float between(float low, float high) { return std::uniform_real_distribution<float>(low, high)(random_); }
  std::uint32_t below(std::uint32_t end) {
    return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(random_);
  }

  OpCase start(OpKind kind, std::uint32_t n_tokens, std::uint32_t n_outputs) {
    OpCase made;
    made.op.kind = kind;
    made.op.layer = 1;
    made.op.in = kind == OpKind::embed ? kernels::kNoSlot : kInSlot;
    made.op.out = kOutSlot;
    const bool is_binary = kind == OpKind::kv_append || kind == OpKind::silu_mul || kind == OpKind::add;
    made.op.in2 = is_binary ? kIn2Slot : kernels::kNoSlot;
    make_step(made.step, n_tokens, n_outputs);
    made.magnitudes.position =
        static_cast<std::uint32_t>(*std::max_element(made.step.positions.begin(), made.step.positions.end()));
    return made;
  }

  /// Tokens fall into runs, one sequence each, that begin at 0, in the middle of a page, or just before its end.
  void make_step(StepCase& step, std::uint32_t n_tokens, std::uint32_t n_outputs) {
    const std::uint32_t starts[] = {70, 0, kernels::kPageTokens - 2, 300};
    std::uint32_t made = 0;
    std::uint32_t n_sequences = 0;
    std::uint32_t longest = 0;
    while (made < n_tokens) {
      const std::uint32_t run = std::min(1 + below(2 + n_tokens / 2), n_tokens - made);
      const std::uint32_t from = starts[n_sequences % 4];
      for (std::uint32_t i = 0; i < run; ++i) {
        step.token_ids.push_back(static_cast<std::int32_t>(made == 0 ? kVocabulary - 1 : below(kVocabulary)));
        step.positions.push_back(static_cast<std::int32_t>(from + i));
        step.sequences.push_back(static_cast<std::int32_t>(n_sequences));
        ++made;
      }
      longest = std::max(longest, from + run);
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

  void put_weight(OpCase& made, const Format& format, std::uint64_t rows, std::uint64_t cols) {
    std::vector<float> values(rows * cols);
    for (float& value : values) value = between(-1.0F, 1.0F);
    made.op.weight = 0;
    made.format = &format;
    made.weight_rows = rows;
    made.weight.resize(rows * format.row_bytes(cols));
    format.encode(values, made.weight);
    format.decode(made.weight, values);
    for (const float value : values)
      made.magnitudes.weight = std::max<double>(made.magnitudes.weight, std::fabs(value));
  }

  void put_in(OpCase& made, kernels::Slot slot, std::uint64_t n, float largest) {
    std::vector<float>& values = made.activations[slot];
    values.assign(n + kGuardValues, std::numeric_limits<float>::quiet_NaN());
    for (std::uint64_t i = 0; i < n; ++i) values[i] = between(-largest, largest);
    values[0] = largest;
    if (n > 1) values[n - 1] = -largest;
    (slot == kInSlot ? made.magnitudes.in : made.magnitudes.weight) = largest;
  }

  static void put_out(OpCase& made, std::uint64_t n) {
    made.activations[kOutSlot].assign(n + kGuardValues, std::numeric_limits<float>::quiet_NaN());
  }

  /// Two layers, all poison: an op that reads a token nobody wrote shows NaN. Gaps lie between values, pages and layers.
  static void put_cache(OpCase& made, KvType type, std::uint32_t width) {
    const std::uint64_t half_page = std::uint64_t{kernels::kPageTokens} * width * kernels::value_bytes(type);
    made.kv.type = type;
    made.kv.k_width = width;
    made.kv.v_width = width;
    made.kv.v_offset = half_page + 64;
    made.kv.page_stride = 2 * half_page + 192;
    made.kv.layer_stride = made.kv.page_stride * made.step.n_pages + 256;
    made.kv_bytes.assign(2 * made.kv.layer_stride, std::byte{0xff});
  }

  /// Random keys and values in the op's layer, up to the last position that the step holds of each sequence.
  void fill_cache(OpCase& made) {
    for (std::size_t t = 0; t < made.step.positions.size(); ++t) {
      for (std::uint32_t p = 0; p <= static_cast<std::uint32_t>(made.step.positions[t]); ++p) {
        const std::size_t row =
            static_cast<std::size_t>(made.step.sequences[t]) * made.step.page_table_stride;
        const std::int32_t page = made.step.page_table[row + p / kernels::kPageTokens];
        const std::uint64_t at =
            made.op.layer * made.kv.layer_stride + static_cast<std::uint64_t>(page) * made.kv.page_stride +
            std::uint64_t{p % kernels::kPageTokens} * made.kv.k_width * kernels::value_bytes(made.kv.type);
        fill_row(made, at);
        fill_row(made, at + made.kv.v_offset);
      }
    }
    made.magnitudes.weight = 1.0;
    made.magnitudes.value = 1.0;
  }

  void fill_row(OpCase& made, std::uint64_t at) {
    for (std::uint32_t i = 0; i < made.kv.k_width; ++i) {
      const float value = between(-1.0F, 1.0F);
      const std::uint16_t half = kernels::float_to_half(value);
      if (made.kv.type == KvType::f16) {
        std::memcpy(made.kv_bytes.data() + at + std::uint64_t{i} * 2, &half, sizeof half);
      } else {
        std::memcpy(made.kv_bytes.data() + at + std::uint64_t{i} * 4, &value, sizeof value);
      }
    }
  }

  void finish(OpCase made, const std::string& shape) {
    made.name = std::string(kernels::to_text(made.op.kind));
    if (made.format != nullptr) made.name += " " + std::string(made.format->name);
    made.name += shape;
    cases_.push_back(std::move(made));
  }

  std::mt19937 random_{20260101};
  std::vector<OpCase> cases_;
};

}  // namespace

namespace {

/// The kernels' text is one for all formats: it meets every shape with the plain ones, a small and a large block.
bool walks_every_shape(const Format& format) {
  return format.name == "F32" || format.name == "F16" || format.name == "Q8_0" || format.name == "Q4_K";
}

}  // namespace

std::vector<OpCase> op_cases() {
  CaseMaker maker;
  for (const Format* format : kernels::registered_formats()) {
    // In blocks for packed formats; in values, and so not multiples of any vector, for plain ones.
    std::vector<std::uint32_t> cols = {1, 3, 9, 35, 128};
    if (format->values_per_block == 1) cols = {1, 7, 64, 515, 1030};
    if (format->values_per_block >= 256) cols = {1, 2, 5};
    for (std::uint32_t& n : cols) n *= format->values_per_block;
    maker.add_embeds(*format, cols);
    if (walks_every_shape(*format)) {
      maker.add_linears(*format, cols);
    } else {
      maker.add_essential_linears(*format, cols);
    }
  }
  maker.add_norms();
  maker.add_ropes();
  maker.add_cache_ops(KvType::f32);
  maker.add_cache_ops(KvType::f16);
  maker.add_pairwise(OpKind::silu_mul, 100.0F);
  maker.add_pairwise(OpKind::silu_mul, 4.0F);
  maker.add_pairwise(OpKind::add, 4.0F);
  maker.add_gathers();
  return maker.take();
}

}  // namespace blue::test
