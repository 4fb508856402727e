#include <algorithm>
#include <cmath>

#include "kernels/kv_rows.h"
#include "kernels/reference/cached_values.h"
#include "kernels/reference/reference_op.h"

namespace blue::kernels::reference {
namespace {

const std::byte* key_at(const Op& op, const KvView& kv, const StepInputs& inputs, std::uint32_t t,
                        std::uint32_t position) {
  return key_row(kv, kv_page(kv, op.layer, page_of(inputs, t, position)), position % kPageTokens);
}

/// Calls use(position) for each position that token t attends to.
template <class Use>
void for_each_position(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                       std::uint32_t t, Use&& use) {
  if (op.in2 == kNoOperand) {
    for (std::uint32_t p = 0; p <= static_cast<std::uint32_t>(inputs.positions[t]); ++p) use(p);
    return;
  }
  const float* chosen = bindings.activations[op.in2] + static_cast<std::uint64_t>(t) * 2 * op.top_k;
  for (std::uint32_t i = 0; i < op.top_k && chosen[i] >= 0.0F; ++i)
    use(static_cast<std::uint32_t>(chosen[i]));
}

void attend_latent_head(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                        std::uint32_t t, const float* q, float* out) {
  const KvView& kv = bindings.kv;
  double largest = -INFINITY;
  for_each_position(op, bindings, inputs, t, [&](std::uint32_t p) {
    largest = std::max(largest, score(op, kv, q, key_at(op, kv, inputs, t, p), 0));
  });
  double sums[kMaxLatentDim] = {};
  double divisor = 0.0;
  for_each_position(op, bindings, inputs, t, [&](std::uint32_t p) {
    const std::byte* key = key_at(op, kv, inputs, t, p);
    const double share = std::exp(score(op, kv, q, key, 0) - largest);
    divisor += share;
    for (std::uint32_t d = 0; d < op.value_dim; ++d) sums[d] += share * load(key, kv.type, d);
  });
  for (std::uint32_t d = 0; d < op.value_dim; ++d) out[d] = static_cast<float>(sums[d] / divisor);
}

void run(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    for (std::uint32_t h = 0; h < op.n_heads; ++h) {
      const std::uint64_t head = static_cast<std::uint64_t>(t) * op.n_heads + h;
      attend_latent_head(op, bindings, inputs, t, bindings.activations[op.in] + head * op.head_dim,
                         bindings.activations[op.out] + head * op.value_dim);
    }
  }
}

}  // namespace

const ReferenceOp& reference_op_attention_latent() {
  static constexpr ReferenceOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::reference
