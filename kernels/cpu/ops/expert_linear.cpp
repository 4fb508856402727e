#include <algorithm>
#include <cstring>

#include "base/units.h"
#include "kernels/cpu/ops/cpu_op.h"
#include "kernels/cpu/ops/quantise_rows.h"
#include "kernels/cpu/q8_rows.h"

namespace blue::kernels::cpu {
namespace {

constexpr std::uint64_t kDecodeCost =
    2;  // reading and decoding a row costs about two multiplications with it

/// The pairs (token, choice) that go to one expert.
struct ExpertGroup {
  std::uint32_t expert = 0;
  std::uint32_t n_pairs = 0;
  std::uint64_t first = 0;       ///< into Plan::pairs
  std::uint64_t cost_begin = 0;  ///< where its rows begin in the op's work, in row multiplications
  std::uint64_t tile_cost = 0;
};

/// An op's work sorted by expert, in the workspace. Pairs are numbered token · top_k + choice. A
/// quantised weight is multiplied with inputs as bytes, each input row rounded once and found by
/// its number; a plain one with rows gathered per expert.
struct Plan {
  ExpertGroup* groups = nullptr;    ///< one per expert that is chosen and here
  std::uint32_t* firsts = nullptr;  ///< [n_experts] while the plan is made
  std::uint32_t* pairs = nullptr;   ///< sorted by expert
  std::uint32_t* inputs = nullptr;  ///< [n_pairs] in that order: which input row is a pair's
  std::byte* bytes = nullptr;  ///< the input rows as q8_rows.h has them; null for a plain weight
  float* gathered = nullptr;   ///< [n_pairs, cols] inputs in that order, for a plain weight
  float* results = nullptr;    ///< [n_pairs, rows]
  std::uint64_t n_groups = 0;
  std::uint64_t n_pairs = 0;
  std::uint64_t cost = 0;
};

std::uint64_t n_input_rows(const Op& op, std::uint64_t n_pairs) {
  return op.expert_input == ExpertInput::shared ? n_pairs / op.top_k : n_pairs;
}

/// Lays a plan for up to n_pairs into memory from `base` on (null: to learn its size) and returns
/// the bytes it takes.
std::uint64_t lay_out(Plan& plan, std::byte* base, const Op& op, std::uint64_t n_pairs) {
  std::uint64_t used = 0;
  const auto take = [&](auto*& part, std::uint64_t n) {
    using T = std::remove_reference_t<decltype(*part)>;
    if (base != nullptr) part = reinterpret_cast<T*>(base + used);
    used += round_up(n * sizeof(T), 64);
  };
  take(plan.groups, std::min<std::uint64_t>(n_pairs, op.n_experts));
  take(plan.firsts, op.n_experts);
  take(plan.pairs, n_pairs);
  take(plan.inputs, n_pairs);
  // The weight's format decides which of the two is used: space for the larger.
  const std::uint64_t n_bytes =
      op.cols % kQ8Group == 0 ? n_input_rows(op, n_pairs) * q8_row_stride(op.cols) : 0;
  const std::uint64_t n_gathered = n_pairs * op.cols * sizeof(float);
  take(plan.bytes, std::max(n_bytes, n_gathered));
  plan.gathered = reinterpret_cast<float*>(plan.bytes);
  take(plan.results, n_pairs * op.rows);
  return used;
}

std::uint64_t input_row(const Op& op, std::uint64_t pair) {
  return op.expert_input == ExpertInput::shared ? pair / op.top_k : pair;
}

/// Counts, then places: a counting sort, so that pairs of an expert stay in the order of their
/// tokens.
void sort_by_expert(Plan& plan, const StepWork& work) {
  const Op& op = work.op;
  const std::byte* const* experts = work.bindings.weights[op.weight].experts;
  const auto expert_of = [&](std::uint64_t pair) {
    return static_cast<std::uint32_t>(work.in2()[pair / op.top_k * 2 * op.top_k + pair % op.top_k]);
  };
  const std::uint64_t n_all = work.n_rows() * op.top_k;
  std::fill_n(plan.firsts, op.n_experts, 0U);
  for (std::uint64_t pair = 0; pair < n_all; ++pair) ++plan.firsts[expert_of(pair)];
  for (std::uint32_t e = 0; e < op.n_experts; ++e) {
    const std::uint32_t n = experts[e] == nullptr ? 0 : plan.firsts[e];
    plan.firsts[e] = static_cast<std::uint32_t>(plan.n_pairs);
    if (n == 0) continue;
    const std::uint64_t tile_cost = kRowsAtOnce * (n + kDecodeCost);
    plan.groups[plan.n_groups++] = {e, n, plan.n_pairs, plan.cost, tile_cost};
    plan.n_pairs += n;
    plan.cost += (op.rows + kRowsAtOnce - 1) / kRowsAtOnce * tile_cost;
  }
  for (std::uint64_t pair = 0; pair < n_all; ++pair) {
    const std::uint32_t e = expert_of(pair);
    if (experts[e] == nullptr) continue;
    const std::uint32_t at = plan.firsts[e]++;
    plan.pairs[at] = static_cast<std::uint32_t>(pair);
    plan.inputs[at] = static_cast<std::uint32_t>(input_row(op, pair));
  }
}

const float* input_of(const StepWork& work, std::uint64_t pair) {
  return work.in() + input_row(work.op, pair) * work.op.cols;
}

/// Copies the inputs of experts with several pairs row after row, as the format's kernel reads
/// them.
void gather_inputs(const Plan& plan, const StepWork& work) {
  if (plan.n_groups == plan.n_pairs) return;
  const std::uint64_t cols = work.op.cols;
  const std::uint64_t grain = kWorthSharing / (cols + 1) + 1;  // bound by memory, as add is
  work.workers.parallel_for(plan.n_pairs, grain, [&](std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t i = begin; i < end; ++i)
      std::memcpy(plan.gathered + i * cols, input_of(work, plan.pairs[i]), cols * sizeof(float));
  });
}

/// Rows [first_row, end_row) of one expert against all of its pairs.
void multiply_group(const Plan& plan, const ExpertGroup& group, const StepWork& work,
                    const FormatKernels& kernels, std::uint64_t first_row, std::uint64_t end_row) {
  const Op& op = work.op;
  const WeightView& weight = work.bindings.weights[op.weight];
  const bool is_alone = group.n_pairs == 1;
  const std::uint32_t* pairs = plan.pairs + group.first;
  float* results = is_alone ? work.out() + std::uint64_t{pairs[0]} * op.rows
                            : plan.results + group.first * op.rows;
  LinearPart part{.weight = weight.experts[group.expert],
                  .row_bytes = weight.format->row_bytes(op.cols),
                  .first_row = first_row,
                  .end_row = end_row,
                  .out = results,
                  .cols = op.cols,
                  .out_width = op.rows,
                  .n_tokens = group.n_pairs};
  if (kernels.linear_q8 != nullptr) {
    part.bytes = plan.bytes;
    part.row_of = plan.inputs + group.first;
    kernels.linear_q8(part);
  } else {
    part.in = is_alone ? input_of(work, pairs[0]) : plan.gathered + group.first * op.cols;
    kernels.linear(part);
  }
  if (is_alone) return;
  for (std::uint64_t i = 0; i < group.n_pairs; ++i) {
    std::memcpy(work.out() + std::uint64_t{pairs[i]} * op.rows + first_row,
                results + i * op.rows + first_row, (end_row - first_row) * sizeof(float));
  }
}

std::uint64_t workspace_bytes(const Op& op, std::uint32_t max_tokens, std::uint32_t /*n_workers*/) {
  Plan plan;
  return lay_out(plan, nullptr, op, std::uint64_t{max_tokens} * op.top_k);
}

/// Each expert's weights are read once, whatever number of tokens chose it. Work is shared out in
/// tiles of rows weighed by their tokens: a part takes the tiles that begin in it.
void run(const StepWork& work) {
  const FormatKernels& kernels = *work.format_kernels;
  const Op& op = work.op;
  Plan plan;
  lay_out(plan, work.bindings.workspace, op, work.n_rows() * op.top_k);
  sort_by_expert(plan, work);
  if (kernels.linear_q8 != nullptr) {
    quantise_rows(work, n_input_rows(op, work.n_rows() * op.top_k), plan.bytes);
  } else {
    gather_inputs(plan, work);
  }
  work.workers.parallel_for(
      plan.cost, grain_of(op.cols), [&](std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t g = 0; g < plan.n_groups; ++g) {
          const ExpertGroup& group = plan.groups[g];
          const auto first_row_from = [&](std::uint64_t cost) {
            const std::uint64_t inside = cost > group.cost_begin ? cost - group.cost_begin : 0;
            const std::uint64_t tile = (inside + group.tile_cost - 1) / group.tile_cost;
            return std::min<std::uint64_t>(tile * kRowsAtOnce, op.rows);
          };
          const std::uint64_t first_row = first_row_from(begin);
          const std::uint64_t end_row = first_row_from(end);
          if (first_row < end_row) multiply_group(plan, group, work, kernels, first_row, end_row);
        }
      });
}

}  // namespace

const CpuOp& cpu_op_expert_linear() {
  static constexpr CpuOp kOp{
      .run = run, .workspace_bytes = workspace_bytes, .has_format_kernels = true};
  return kOp;
}

}  // namespace blue::kernels::cpu
