// The ops of a mixture of experts: route, expert_linear, expert_sum.
// Source: Shazeer et al. 2017, Outrageously large neural networks, §2; groups and the selection
// bias: DeepSeek-AI 2024, DeepSeek-V3 technical report, §2.1.2.
#include <algorithm>
#include <cmath>

#include "kernels/reference/ops.h"

namespace blue::kernels::reference {
namespace {

/// One token's router, looked at expert by expert: nothing is kept, so nothing bounds the number of
/// experts.
class Router {
 public:
  Router(const Op& op, const float* logits, const float* bias, const float* chosen)
      : op_(op), logits_(logits), bias_(bias), chosen_(chosen) {
    if (op.gating == Gating::sigmoid) return;
    for (std::uint32_t e = 0; e < op.n_experts; ++e)
      largest_ = std::max<double>(largest_, logits[e]);
    double sum = 0.0;
    for (std::uint32_t e = 0; e < op.n_experts; ++e) sum += std::exp(logits[e] - largest_);
    divisor_ = sum;
  }

  [[nodiscard]] double gated(std::uint32_t e) const {
    if (op_.gating == Gating::sigmoid)
      return 1.0 / (1.0 + std::exp(-static_cast<double>(logits_[e])));
    return std::exp(logits_[e] - largest_) / divisor_;
  }

  /// The best eligible expert that the first n_chosen do not hold.
  [[nodiscard]] std::uint32_t best(std::uint32_t n_chosen) const {
    std::uint32_t found = op_.n_experts;
    for (std::uint32_t e = 0; e < op_.n_experts; ++e) {
      const bool is_taken =
          std::find(chosen_, chosen_ + n_chosen, static_cast<float>(e)) != chosen_ + n_chosen;
      if (is_taken || !is_in_used_group(e)) continue;
      if (found == op_.n_experts || score(e) > score(found)) found = e;
    }
    return found;
  }

 private:
  [[nodiscard]] double score(std::uint32_t e) const {
    return gated(e) + (bias_ == nullptr ? 0.0 : static_cast<double>(bias_[e]));
  }

  [[nodiscard]] double group_score(std::uint32_t group) const {
    const std::uint32_t size = op_.n_experts / op_.n_groups;
    double first = -INFINITY;
    double second = -INFINITY;
    for (std::uint32_t e = group * size; e < (group + 1) * size; ++e) {
      const double here = score(e);
      second = std::max(second, std::min(here, first));
      first = std::max(first, here);
    }
    return size == 1 ? first : first + second;
  }

  /// A group is used when fewer than n_groups_used come before it: better ones, or equal ones with
  /// a lower number.
  [[nodiscard]] bool is_in_used_group(std::uint32_t e) const {
    if (op_.n_groups_used == op_.n_groups) return true;
    const std::uint32_t group = e / (op_.n_experts / op_.n_groups);
    const double own = group_score(group);
    std::uint32_t n_before = 0;
    for (std::uint32_t other = 0; other < op_.n_groups; ++other) {
      const double there = group_score(other);
      n_before += there > own || (there == own && other < group) ? 1 : 0;
    }
    return n_before < op_.n_groups_used;
  }

  const Op& op_;
  const float* logits_;
  const float* bias_;
  const float* chosen_;
  double largest_ = -INFINITY;
  double divisor_ = 1.0;
};

}  // namespace

void route(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const float* bias = op.weight == kNoOperand
                          ? nullptr
                          : reinterpret_cast<const float*>(bindings.weights[op.weight].data);
  for (std::uint64_t t = 0; t < row_count(op, inputs); ++t) {
    float* ids = bindings.activations[op.out] + t * 2 * op.top_k;
    const Router router(op, bindings.activations[op.in] + t * op.n_experts, bias, ids);
    double sum = 0.0;
    for (std::uint32_t j = 0; j < op.top_k; ++j) {
      const std::uint32_t expert = router.best(j);
      ids[j] = static_cast<float>(expert);
      sum += router.gated(expert);
    }
    const double factor =
        op.route_weights == RouteWeights::normalised ? op.scale / (sum + kTinySum) : op.scale;
    for (std::uint32_t j = 0; j < op.top_k; ++j) {
      ids[op.top_k + j] =
          static_cast<float>(router.gated(static_cast<std::uint32_t>(ids[j])) * factor);
    }
  }
}

void expert_linear(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const WeightView& weight = bindings.weights[op.weight];
  for (std::uint64_t t = 0; t < row_count(op, inputs); ++t) {
    const float* route = bindings.activations[op.in2] + t * 2 * op.top_k;
    for (std::uint64_t j = 0; j < op.top_k; ++j) {
      const std::byte* matrix = weight.experts[static_cast<std::size_t>(route[j])];
      if (matrix == nullptr) continue;
      const std::uint64_t in_row = op.expert_input == ExpertInput::shared ? t : t * op.top_k + j;
      const float* in = bindings.activations[op.in] + in_row * op.cols;
      float* out = bindings.activations[op.out] + (t * op.top_k + j) * op.rows;
      for (std::uint64_t r = 0; r < op.rows; ++r) {
        double sum = 0.0;
        for_each_piece(weight, matrix, r, [&](std::uint64_t column, std::span<const float> values) {
          for (std::size_t i = 0; i < values.size(); ++i)
            sum += static_cast<double>(values[i]) * in[column + i];
        });
        out[r] = static_cast<float>(sum);
      }
    }
  }
}

void expert_sum(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  for (std::uint64_t t = 0; t < row_count(op, inputs); ++t) {
    const float* weights = bindings.activations[op.in2] + t * 2 * op.top_k + op.top_k;
    const float* in = bindings.activations[op.in] + t * op.top_k * op.cols;
    float* out = bindings.activations[op.out] + t * op.cols;
    for (std::uint64_t c = 0; c < op.cols; ++c) {
      double sum = 0.0;
      for (std::uint64_t j = 0; j < op.top_k; ++j)
        sum += static_cast<double>(weights[j]) * in[j * op.cols + c];
      out[c] = static_cast<float>(sum);
    }
  }
}

}  // namespace blue::kernels::reference
