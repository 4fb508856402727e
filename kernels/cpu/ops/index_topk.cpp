#include <algorithm>

#include "kernels/cpu/ops/cpu_op.h"
#include "kernels/kv_rows.h"

namespace blue::kernels::cpu {
namespace {

struct Candidate {
  float score;
  std::int32_t position;
};

/// Ties go to the lower position.
bool is_better(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.position < b.position;
}

/// The best top_k candidates seen, as a heap with the worst of them in front.
struct Best {
  Candidate* first;
  std::uint32_t capacity;
  std::uint32_t n = 0;

  void offer(const Candidate& candidate) {
    if (n < capacity) {
      first[n++] = candidate;
      std::push_heap(first, first + n, is_better);
    } else if (is_better(candidate, first[0])) {
      std::pop_heap(first, first + n, is_better);
      first[n - 1] = candidate;
      std::push_heap(first, first + n, is_better);
    }
  }
};

/// How a step's work is cut: each token's positions into parts of whole pages, so that a single
/// token keeps all workers busy.
struct Cut {
  std::uint64_t n_parts;  ///< per token
  std::uint32_t part_tokens;
};

Cut cut_of(const StepWork& work) {
  std::uint32_t longest = 0;
  for (std::uint64_t t = 0; t < work.n_rows(); ++t)
    longest = std::max(longest, static_cast<std::uint32_t>(work.inputs.positions[t]) + 1);
  const std::uint64_t n_pages = (longest + kPageTokens - 1) / kPageTokens;
  const std::uint64_t wanted = (work.workers.n_workers() + work.n_rows() - 1) / work.n_rows();
  const std::uint64_t pages = (n_pages + wanted - 1) / wanted;
  return {(n_pages + pages - 1) / pages, static_cast<std::uint32_t>(pages * kPageTokens)};
}

/// Offers positions [first, end) of token t.
void rank_part(const StepWork& work, std::uint32_t t, std::uint32_t first, std::uint32_t end,
               Best& best) {
  const Op& op = work.op;
  const KvView& kv = work.bindings.kv;
  const float* q = work.in() + std::uint64_t{t} * op.n_heads * op.head_dim;
  const float* weights = work.in2() + std::uint64_t{t} * op.n_heads;
  for (std::uint32_t p = first; p < end; p += kPageTokens) {
    const std::uint32_t n = std::min(kPageTokens, end - p);
    float scores[kPageTokens];
    std::byte* page = kv_page(kv, op.layer, page_of(work.inputs, t, p));
    work.kernels.index_scores(op, kv, value_row(kv, page, 0), n, q, weights, scores);
    for (std::uint32_t i = 0; i < n; ++i) best.offer({scores[i], static_cast<std::int32_t>(p + i)});
  }
}

/// The best of all parts of one token, ascending by position, into its row of out.
void merge_parts(const Op& op, Best* parts, std::uint64_t n_parts, float* out) {
  Best& best = parts[0];
  for (std::uint64_t part = 1; part < n_parts; ++part) {
    for (std::uint32_t i = 0; i < parts[part].n; ++i) best.offer(parts[part].first[i]);
  }
  std::sort(best.first, best.first + best.n,
            [](const Candidate& a, const Candidate& b) { return a.position < b.position; });
  for (std::uint32_t i = 0; i < op.top_k; ++i) {
    const bool is_filled = i < best.n;
    out[i] = is_filled ? static_cast<float>(best.first[i].position) : -1.0F;
    out[op.top_k + i] = is_filled ? best.first[i].score : 0.0F;
  }
}

/// There are at most as many parts of all tokens as this.
std::uint64_t most_parts(std::uint64_t n_tokens, std::uint64_t n_workers) {
  return n_tokens + n_workers;
}

std::uint64_t workspace_bytes(const Op& op, std::uint32_t max_tokens, std::uint32_t n_workers) {
  return most_parts(max_tokens, n_workers) *
         (sizeof(Best) + std::uint64_t{op.top_k} * sizeof(Candidate));
}

void run(const StepWork& work) {
  const Op& op = work.op;
  if (work.n_rows() == 0) return;
  const Cut cut = cut_of(work);
  const std::uint64_t n_items = work.n_rows() * cut.n_parts;
  auto* bests = reinterpret_cast<Best*>(work.bindings.workspace);
  auto* candidates =
      reinterpret_cast<Candidate*>(bests + most_parts(work.n_rows(), work.workers.n_workers()));
  const std::uint64_t cost = std::uint64_t{cut.part_tokens} * op.n_heads * op.head_dim;
  work.workers.parallel_for(n_items, grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t item = begin; item < end; ++item) {
      const auto t = static_cast<std::uint32_t>(item / cut.n_parts);
      const std::uint32_t n_positions = static_cast<std::uint32_t>(work.inputs.positions[t]) + 1;
      const auto first = static_cast<std::uint32_t>(item % cut.n_parts * cut.part_tokens);
      bests[item] = {candidates + item * op.top_k, op.top_k};
      if (first < n_positions)
        rank_part(work, t, first, std::min(n_positions, first + cut.part_tokens), bests[item]);
    }
  });
  work.workers.parallel_for(work.n_rows(), grain_of(std::uint64_t{op.top_k} * 32),
                            [&](std::uint64_t begin, std::uint64_t end) {
                              for (std::uint64_t t = begin; t < end; ++t)
                                merge_parts(op, bests + t * cut.n_parts, cut.n_parts,
                                            work.out() + t * 2 * op.top_k);
                            });
}

}  // namespace

const CpuOp& cpu_op_index_topk() {
  static constexpr CpuOp kOp{.run = run, .workspace_bytes = workspace_bytes};
  return kOp;
}

}  // namespace blue::kernels::cpu
