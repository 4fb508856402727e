// Source: Shazeer et al. 2017, Outrageously large neural networks, §2; groups and the selection
// bias: DeepSeek-AI 2024, DeepSeek-V3 technical report, §2.1.2.
#include <algorithm>
#include <cmath>

#include "kernels/reference/reference_op.h"

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

  /// A group is used when fewer than n_groups_used rank before it: better ones, or equal ones with
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

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
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

}  // namespace

const ReferenceOp& reference_op_route() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
