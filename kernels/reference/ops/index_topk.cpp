#include <algorithm>

#include "kernels/kv_rows.h"
#include "kernels/reference/cached_values.h"
#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

float index_score(const Op& op, const Bindings& bindings, const StepInputs& inputs, std::uint32_t t,
                  std::uint32_t position) {
  const KvView& kv = bindings.kv;
  const float* q =
      bindings.activations[op.in] + static_cast<std::uint64_t>(t) * op.n_heads * op.head_dim;
  const float* weights = bindings.activations[op.in2] + static_cast<std::uint64_t>(t) * op.n_heads;
  const std::byte* key =
      value_row(kv, kv_page(kv, op.layer, page_of(inputs, t, position)), position % kPageTokens);
  double sum = 0.0;
  for (std::uint32_t h = 0; h < op.n_heads; ++h) {
    double dot = 0.0;
    for (std::uint32_t d = 0; d < op.head_dim; ++d)
      dot += static_cast<double>(q[h * op.head_dim + d]) * load(key, kv.type, d);
    sum += weights[h] * std::max(0.0, dot);
  }
  return static_cast<float>(sum * op.scale);
}

/// Two columns of a list kept in order by insertion: simple, and quick enough for an oracle.
struct Ranking {
  float* positions;
  float* scores;
  std::uint32_t n = 0;

  template <class IsBefore>
  void sift_up(std::uint32_t i, IsBefore&& is_before) {
    for (; i > 0 && is_before(i, i - 1); --i) {
      std::swap(positions[i], positions[i - 1]);
      std::swap(scores[i], scores[i - 1]);
    }
  }
};

void choose_positions(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                      std::uint32_t t) {
  float* out = bindings.activations[op.out] + static_cast<std::uint64_t>(t) * 2 * op.top_k;
  Ranking ranking{out, out + op.top_k};
  // Best first; equal scores stay in the order of their positions.
  for (std::uint32_t p = 0; p <= static_cast<std::uint32_t>(inputs.positions[t]); ++p) {
    const float score = index_score(op, bindings, inputs, t, p);
    if (ranking.n == op.top_k && !(score > ranking.scores[ranking.n - 1])) continue;
    const std::uint32_t at = ranking.n < op.top_k ? ranking.n++ : ranking.n - 1;
    ranking.positions[at] = static_cast<float>(p);
    ranking.scores[at] = score;
    ranking.sift_up(at, [&](auto a, auto b) { return ranking.scores[a] > ranking.scores[b]; });
  }
  for (std::uint32_t i = 1; i < ranking.n; ++i) {
    ranking.sift_up(i, [&](auto a, auto b) { return ranking.positions[a] < ranking.positions[b]; });
  }
  for (std::uint32_t i = ranking.n; i < op.top_k; ++i) {
    ranking.positions[i] = -1.0F;
    ranking.scores[i] = 0.0F;
  }
}

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t)
    choose_positions(op, bindings, inputs, t);
}

}  // namespace

const ReferenceOp& reference_op_index_topk() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
