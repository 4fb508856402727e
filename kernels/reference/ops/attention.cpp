#include <algorithm>
#include <cmath>

#include "kernels/kv_rows.h"
#include "kernels/reference/cached_values.h"
#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

/// Two passes over the scores, the largest first: nothing needs to be kept but the sums of one
/// head.
void attend_head(const Op& op, const KvView& kv, const StepInputs& inputs, std::uint32_t t,
                 std::uint32_t head, const float* q, float* out) {
  const std::uint32_t n_positions = static_cast<std::uint32_t>(inputs.positions[t]) + 1;
  const std::uint32_t kv_head = head / (op.n_heads / op.n_kv_heads);
  double largest = -INFINITY;
  for (std::uint32_t p = 0; p < n_positions; ++p) {
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, t, p));
    largest = std::max(largest, score(op, kv, q, key_row(kv, page, p % kPageTokens), kv_head));
  }
  double sums[kMaxHeadDim] = {};
  double divisor = 0.0;
  for (std::uint32_t p = 0; p < n_positions; ++p) {
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, t, p));
    const double share =
        std::exp(score(op, kv, q, key_row(kv, page, p % kPageTokens), kv_head) - largest);
    const std::byte* value = value_row(kv, page, p % kPageTokens);
    divisor += share;
    for (std::uint32_t d = 0; d < op.head_dim; ++d)
      sums[d] += share * load(value, kv.type, kv_head * op.head_dim + d);
  }
  for (std::uint32_t d = 0; d < op.head_dim; ++d) out[d] = static_cast<float>(sums[d] / divisor);
}

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    for (std::uint32_t h = 0; h < op.n_heads; ++h) {
      const std::uint64_t at = (static_cast<std::uint64_t>(t) * op.n_heads + h) * op.head_dim;
      attend_head(op, bindings.kv, inputs, t, h, bindings.activations[op.in] + at,
                  bindings.activations[op.out] + at);
    }
  }
}

}  // namespace

const ReferenceOp& reference_op_attention() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
