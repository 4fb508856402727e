#include "kernels/cpu/attention_work.h"

#include <algorithm>

#include "base/units.h"

namespace blue::kernels::cpu {
namespace {

/// A sequence with fewer tokens in the step is cut into ranges of positions.
constexpr std::uint32_t kManyTokens = 8;
constexpr std::uint32_t kShortestRange = 128;
constexpr std::uint32_t kMostRanges = 16;
constexpr std::uint64_t kMostWorkspace = 4ULL << 20;
constexpr std::uint32_t kMostSpans = 64;      ///< whose ranges are worked on together
constexpr std::uint32_t kPartsPerWorker = 4;  ///< so that a slow worker delays the others little

/// Consecutive tokens of one sequence, or a token with a choice of its own.
struct Span {
  std::uint32_t token = 0;
  std::uint32_t n_tokens = 0;
  std::uint32_t n_positions = 0;  ///< of the token that sees most
  const float* chosen = nullptr;
  // Where it is cut into ranges:
  std::uint32_t n_ranges = 1;
  std::uint32_t range = 0;  ///< positions of each but the last
  std::uint32_t n_head_groups = 1;
  std::uint32_t n_row_blocks = 1;
  std::uint32_t block_rows = 0;
  float* partials = nullptr;  ///< [n_tokens, n_heads, n_ranges, partial_values]
  [[nodiscard]] std::uint32_t n_items() const { return n_ranges * n_head_groups * n_row_blocks; }
};

constexpr std::uint32_t parts_of(std::uint64_t n, std::uint64_t part) {
  return static_cast<std::uint32_t>((n + part - 1) / part);
}

/// Query rows whose sums a part may hold.
std::uint32_t most_rows(const AttentionShape& shape) {
  constexpr std::uint32_t kVector = 16;
  const auto stride = static_cast<std::uint32_t>(round_up(shape.value_dim, kVector)) + kVector;
  return std::min(kMostQueryRows, kMostSums / stride);
}

std::uint64_t cost_per_position(const AttentionShape& shape) {
  return std::uint64_t{shape.key_dim} + shape.value_dim;
}

class AttentionStep {
 public:
  AttentionStep(const StepWork& work, const AttentionShape& shape) : work_(work), shape_(shape) {}

  void run() {
    const auto n_tokens = static_cast<std::uint32_t>(work_.n_rows());
    const std::int32_t* sequences = work_.inputs.sequences;
    for (std::uint32_t begin = 0; begin < n_tokens;) {
      std::uint32_t end = begin + 1;
      while (end < n_tokens && sequences[end] == sequences[begin]) ++end;
      if (end - begin >= kManyTokens) {
        attend_many(span_of(begin, end));
      } else if (work_.op.in2 == kNoOperand) {
        add_span(span_of(begin, end));
      } else {
        for (std::uint32_t t = begin; t < end; ++t) add_span(span_of(t, t + 1));
      }
      begin = end;
    }
    attend_spans();
  }

 private:
  [[nodiscard]] Span span_of(std::uint32_t begin, std::uint32_t end) const {
    Span span{.token = begin, .n_tokens = end - begin};
    for (std::uint32_t t = begin; t < end; ++t)
      span.n_positions =
          std::max(span.n_positions, static_cast<std::uint32_t>(work_.inputs.positions[t]) + 1);
    if (work_.op.in2 != kNoOperand) {
      span.chosen = choice_of(begin);
      span.n_positions = std::min<std::uint32_t>(span.n_positions, work_.op.top_k);
    }
    return span;
  }

  [[nodiscard]] const float* choice_of(std::uint32_t token) const {
    return work_.in2() + std::uint64_t{token} * 2 * work_.op.top_k;
  }

  [[nodiscard]] AttentionPart part_of(const Span& span) const {
    return {.shape = shape_,
            .token = span.token,
            .n_kv_heads = 1,
            .end = span.n_positions,
            .q = work_.in(),
            .chosen = span.chosen,
            .out = work_.out()};
  }

  void attend(const AttentionPart& part) const {
    work_.kernels.attention(work_.op, work_.bindings.kv, work_.inputs, part);
  }

  /// Kv heads and blocks of query rows are shared out; blocks of one token where each has a choice.
  void attend_many(const Span& span) const {
    const std::uint32_t group = shape_.group();
    const std::uint32_t unit = span.chosen == nullptr ? span.n_tokens * group : group;
    const std::uint32_t n_units = span.n_tokens * group / unit;
    const std::uint32_t n_wanted = kPartsPerWorker * work_.workers.n_workers();
    const std::uint32_t n_blocks =
        std::max(parts_of(unit, most_rows(shape_)),
                 std::min(parts_of(n_wanted, std::uint64_t{n_units} * shape_.n_kv_heads),
                          parts_of(unit, kFewestRows)));
    const std::uint32_t block = parts_of(unit, n_blocks);
    const std::uint64_t n_items = std::uint64_t{shape_.n_kv_heads} * n_units * n_blocks;
    const std::uint64_t cost = std::uint64_t{span.n_positions} * block * cost_per_position(shape_);
    // Late tokens first: they see most positions.
    work_.workers.parallel_for(
        n_items, grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
          for (std::uint64_t i = begin; i < end; ++i) {
            const std::uint64_t item = n_items - 1 - i;
            AttentionPart part = part_of(span);
            part.kv_head = static_cast<std::uint32_t>(item % shape_.n_kv_heads);
            const auto at = static_cast<std::uint32_t>(item / shape_.n_kv_heads);
            if (span.chosen != nullptr) {
              part.token = span.token + at / n_blocks;
              part.chosen = choice_of(part.token);
            }
            part.first_row = std::min(at % n_blocks * block, unit);
            part.end_row = std::min(part.first_row + block, unit);
            if (part.first_row < part.end_row) attend(part);
          }
        });
  }

  /// The span's ranges, by its own length and the op's shape alone.
  void cut(Span& span) const {
    const std::uint64_t bytes =
        std::uint64_t{span.n_tokens} * shape_.n_heads * shape_.partial_values() * sizeof(float);
    const auto most = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(kMostWorkspace / bytes, 1, kMostRanges));
    const std::uint32_t wanted = std::min(most, parts_of(span.n_positions, kShortestRange));
    span.range =
        static_cast<std::uint32_t>(round_up(parts_of(span.n_positions, wanted), kRangeStep));
    span.n_ranges = parts_of(span.n_positions, span.range);
    const std::uint32_t n_rows = span.n_tokens * shape_.group();
    span.n_row_blocks = parts_of(n_rows, most_rows(shape_));
    span.block_rows = parts_of(n_rows, span.n_row_blocks);
  }

  void add_span(Span span) {
    cut(span);
    const std::uint64_t n_values = span.n_ranges == 1
                                       ? 0
                                       : std::uint64_t{span.n_tokens} * shape_.n_heads *
                                             span.n_ranges * shape_.partial_values();
    if (n_spans_ == kMostSpans || (n_used_ + n_values) * sizeof(float) > kMostWorkspace)
      attend_spans();
    if (n_values > 0) span.partials = reinterpret_cast<float*>(work_.bindings.workspace) + n_used_;
    n_used_ += n_values;
    spans_[n_spans_++] = span;
  }

  void attend_item(const Span& span, std::uint32_t item) const {
    const std::uint32_t range = item % span.n_ranges;
    const std::uint32_t at = item / span.n_ranges;
    const std::uint32_t n_rows = span.n_tokens * shape_.group();
    const std::uint32_t heads = parts_of(shape_.n_kv_heads, span.n_head_groups);
    AttentionPart part = part_of(span);
    part.kv_head = std::min(at % span.n_head_groups * heads, shape_.n_kv_heads);
    part.n_kv_heads = std::min(heads, shape_.n_kv_heads - part.kv_head);
    part.first_row = at / span.n_head_groups * span.block_rows;
    part.end_row = std::min(part.first_row + span.block_rows, n_rows);
    part.begin = range * span.range;
    part.end = std::min(part.begin + span.range, span.n_positions);
    if (span.n_ranges > 1) {
      part.partial = span.partials + range * shape_.partial_values();
      part.partial_stride = span.n_ranges * shape_.partial_values();
    }
    if (part.n_kv_heads > 0 && part.first_row < part.end_row) attend(part);
  }

  /// The spans that have been added, all their ranges together.
  void attend_spans() {
    if (n_spans_ == 0) return;
    std::uint32_t n_ranges = 0;
    std::uint64_t cost = 0;
    for (std::uint32_t s = 0; s < n_spans_; ++s) n_ranges += spans_[s].n_ranges;
    std::uint32_t n_items = 0;
    for (std::uint32_t s = 0; s < n_spans_; ++s) {
      Span& span = spans_[s];
      span.n_head_groups =
          std::min(shape_.n_kv_heads, parts_of(kPartsPerWorker * work_.workers.n_workers(),
                                               std::uint64_t{n_ranges} * span.n_row_blocks));
      n_items += span.n_items();
      cost += std::uint64_t{span.n_positions} * span.n_tokens * shape_.n_heads *
              cost_per_position(shape_);
    }
    work_.workers.parallel_for(
        n_items, grain_of(cost / n_items),
        [&](std::uint64_t begin, std::uint64_t end) { for_each_item(begin, end); });
    for (std::uint32_t s = 0; s < n_spans_; ++s) merge(spans_[s]);
    n_spans_ = 0;
    n_used_ = 0;
  }

  void for_each_item(std::uint64_t begin, std::uint64_t end) const {
    std::uint64_t before = 0;
    for (std::uint32_t s = 0; s < n_spans_; ++s) {
      const std::uint64_t n = spans_[s].n_items();
      for (std::uint64_t i = std::max(begin, before); i < std::min(end, before + n); ++i)
        attend_item(spans_[s], static_cast<std::uint32_t>(i - before));
      before += n;
    }
  }

  void merge(const Span& span) const {
    if (span.n_ranges == 1) return;
    const std::uint64_t stride = span.n_ranges * shape_.partial_values();
    float* out = work_.out() + std::uint64_t{span.token} * shape_.n_heads * shape_.value_dim;
    work_.workers.parallel_for(std::uint64_t{span.n_tokens} * shape_.n_heads, grain_of(stride),
                               [&](std::uint64_t begin, std::uint64_t end) {
                                 for (std::uint64_t i = begin; i < end; ++i)
                                   work_.kernels.merge_attention(span.partials + i * stride,
                                                                 span.n_ranges, shape_.value_dim,
                                                                 out + i * shape_.value_dim);
                               });
  }

  static constexpr std::uint32_t kFewestRows = 16;  ///< below, packing the cache costs too much

  const StepWork& work_;
  const AttentionShape& shape_;
  Span spans_[kMostSpans];
  std::uint32_t n_spans_ = 0;
  std::uint64_t n_used_ = 0;  ///< values of the workspace
};

}  // namespace

void attend_step(const StepWork& work, const AttentionShape& shape) {
  AttentionStep(work, shape).run();
}

std::uint64_t attention_workspace_bytes(const AttentionShape& shape, std::uint32_t max_tokens) {
  // One range needs none, and more than one are cut to fit.
  return std::min(kMostWorkspace, std::uint64_t{max_tokens} * shape.n_heads * kMostRanges *
                                      shape.partial_values() * sizeof(float));
}

}  // namespace blue::kernels::cpu
