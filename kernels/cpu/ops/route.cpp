#include <algorithm>
#include <cmath>

#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

/// One token's choice. Scores are in the caller's workspace. Float64, so that a choice never
/// depends on the rounding of an exponential: another backend would then choose another expert.
struct Router {
  const Op& op;
  double* gated;   ///< [n_experts] p
  double* scores;  ///< [n_experts] p + bias; minus infinity where not eligible

  void gate(const float* logits, const float* bias) const {
    double largest = -INFINITY;
    for (std::uint32_t e = 0; e < op.n_experts; ++e) largest = std::max<double>(largest, logits[e]);
    double sum = 0.0;
    for (std::uint32_t e = 0; e < op.n_experts; ++e) {
      const double x = logits[e];
      gated[e] = op.gating == Gating::sigmoid ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x - largest);
      sum += gated[e];
    }
    for (std::uint32_t e = 0; e < op.n_experts; ++e) {
      if (op.gating == Gating::softmax) gated[e] /= sum;
      scores[e] = gated[e] + (bias == nullptr ? 0.0 : static_cast<double>(bias[e]));
    }
  }

  [[nodiscard]] double group_score(std::uint32_t group) const {
    const std::uint32_t size = op.n_experts / op.n_groups;
    double first = -INFINITY;
    double second = -INFINITY;
    for (std::uint32_t e = group * size; e < (group + 1) * size; ++e) {
      second = std::max(second, std::min(scores[e], first));
      first = std::max(first, scores[e]);
    }
    return size == 1 ? first : first + second;
  }

  /// Sets scores outside the best groups to minus infinity. `group_scores` [n_groups] is
  /// scratch.
  void drop_groups(double* group_scores) const {
    const std::uint32_t size = op.n_experts / op.n_groups;
    for (std::uint32_t g = 0; g < op.n_groups; ++g) group_scores[g] = group_score(g);
    for (std::uint32_t g = 0; g < op.n_groups; ++g) {
      std::uint32_t n_before = 0;
      for (std::uint32_t other = 0; other < op.n_groups; ++other) {
        const bool is_equal_and_lower = group_scores[other] == group_scores[g] && other < g;
        n_before += group_scores[other] > group_scores[g] || is_equal_and_lower ? 1 : 0;
      }
      if (n_before >= op.n_groups_used) std::fill_n(scores + g * size, size, -INFINITY);
    }
  }

  /// Takes the best expert out of the race. Any valid one where scores are not numbers.
  [[nodiscard]] std::uint32_t take_best() const {
    std::uint32_t best = 0;
    for (std::uint32_t e = 1; e < op.n_experts; ++e) {
      if (scores[e] > scores[best] || (scores[best] == -INFINITY && std::isnan(scores[e])))
        best = e;
    }
    scores[best] = -INFINITY;
    return best;
  }
};

/// Of one token: gates, scores, scores of groups.
std::uint64_t scratch_values(const Op& op) { return std::uint64_t{2} * op.n_experts + op.n_groups; }

std::uint64_t workspace_bytes(const Op& op, std::uint32_t max_tokens, std::uint32_t /*n_workers*/) {
  return scratch_values(op) * max_tokens * sizeof(double);
}

void run(const StepWork& work) {
  const Op& op = work.op;
  const auto* bias = op.weight == kNoOperand
                         ? nullptr
                         : reinterpret_cast<const float*>(work.bindings.weights[op.weight].data);
  const std::uint64_t scratch = scratch_values(op);
  auto* workspace = reinterpret_cast<double*>(work.bindings.workspace);
  constexpr std::uint64_t kGateCost = 64;  // an exponential in float64, in multiplications
  const std::uint64_t cost = op.n_experts * (kGateCost + op.top_k);
  work.workers.parallel_for(
      work.n_rows(), grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t t = begin; t < end; ++t) {
          double* gated = workspace + t * scratch;
          const Router router{op, gated, gated + op.n_experts};
          router.gate(work.in() + t * op.n_experts, bias);
          if (op.n_groups_used < op.n_groups)
            router.drop_groups(gated + std::uint64_t{2} * op.n_experts);
          float* ids = work.out() + t * 2 * op.top_k;
          double sum = 0.0;
          for (std::uint32_t j = 0; j < op.top_k; ++j) {
            const std::uint32_t expert = router.take_best();
            ids[j] = static_cast<float>(expert);
            sum += gated[expert];
          }
          const double factor =
              op.route_weights == RouteWeights::normalised ? op.scale / (sum + kTinySum) : op.scale;
          for (std::uint32_t j = 0; j < op.top_k; ++j)
            ids[op.top_k + j] =
                static_cast<float>(gated[static_cast<std::uint32_t>(ids[j])] * factor);
        }
      });
}

}  // namespace

const CpuOp& cpu_op_route() {
  static constexpr CpuOp kOp{.run = run, .workspace_bytes = workspace_bytes};
  return kOp;
}

}  // namespace blue::kernels::cpu
