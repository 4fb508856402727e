// The ops that know positions: rope, kv_append, attention, attention_latent, index_topk.
#include <algorithm>
#include <cmath>

#include "kernels/kv_rows.h"
#include "kernels/op_shape.h"
#include "kernels/reference/ops.h"

namespace blue::kernels::reference {
namespace {

double load(const std::byte* row, KvType type, std::uint32_t i) {
  if (type == KvType::q8_0) {
    const std::byte* block = row + std::uint64_t{i / kKvBlockValues} * kKvBlockBytes;
    std::uint16_t scale;
    std::memcpy(&scale, block, sizeof scale);
    const auto quant = std::to_integer<std::int8_t>(block[sizeof scale + i % kKvBlockValues]);
    return static_cast<double>(half_to_float(scale)) * quant;
  }
  if (type == KvType::f16) {
    std::uint16_t half;
    std::memcpy(&half, row + std::uint64_t{i} * 2, sizeof half);
    return half_to_float(half);
  }
  float value;
  std::memcpy(&value, row + std::uint64_t{i} * 4, sizeof value);
  return value;
}

void store(std::byte* row, KvType type, std::uint32_t n, const float* values) {
  if (type == KvType::q8_0)
    return find_format("Q8_0")->encode({values, n}, {row, kv_row_bytes(type, n)});
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint16_t half = float_to_half(values[i]);
    if (type == KvType::f16) {
      std::memcpy(row + std::uint64_t{i} * 2, &half, sizeof half);
    } else {
      std::memcpy(row + std::uint64_t{i} * 4, &values[i], sizeof values[i]);
    }
  }
}

/// One head of one token against one token of the cache.
double score(const Op& op, const KvView& kv, const float* q, const std::byte* key,
             std::uint32_t kv_head) {
  double sum = 0.0;
  for (std::uint32_t d = 0; d < op.head_dim; ++d)
    sum += q[d] * load(key, kv.type, kv_head * op.head_dim + d);
  return sum * op.scale;
}

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
  // Best first; equal scores stay in the order they came in, which is that of their positions.
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

}  // namespace

void rope(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const float* divisors = op.weight == kNoOperand
                              ? nullptr
                              : reinterpret_cast<const float*>(bindings.weights[op.weight].data);
  float* rows = bindings.activations[op.out] + op.rotary_offset;
  const std::uint32_t half = op.rotary_dims / 2;
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    for (std::uint32_t i = 0; i < half; ++i) {
      const double plain = std::pow(static_cast<double>(op.rope_base), -2.0 * i / op.rotary_dims);
      const double along = (static_cast<double>(i) - op.yarn_low) /
                           (static_cast<double>(op.yarn_high) - op.yarn_low);
      const double mix = op.yarn_mix * (1.0 - std::clamp(along, 0.0, 1.0));
      const double factor = op.rope_scale * (1.0 - mix) + mix;
      const double angle =
          inputs.positions[t] * plain / (divisors == nullptr ? 1.0 : divisors[i]) * factor;
      const double cosine = std::cos(angle) * op.rope_magnitude;
      const double sine = std::sin(angle) * op.rope_magnitude;
      const std::uint32_t first = op.rope_style == RopeStyle::adjacent ? 2 * i : i;
      const std::uint32_t second = op.rope_style == RopeStyle::adjacent ? 2 * i + 1 : i + half;
      for (std::uint32_t h = 0; h < op.n_heads; ++h) {
        float* head = rows + (static_cast<std::uint64_t>(t) * op.n_heads + h) * op.head_dim;
        const double x = head[first];
        const double y = head[second];
        head[first] = static_cast<float>(x * cosine - y * sine);
        head[second] = static_cast<float>(x * sine + y * cosine);
      }
    }
  }
}

void kv_append(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  const KvView& kv = bindings.kv;
  const std::uint32_t k_width = op.n_kv_heads * op.head_dim;
  const std::uint32_t v_width = op.n_kv_heads * (op.value_dim == 0 ? op.head_dim : op.value_dim);
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    const std::uint32_t position = static_cast<std::uint32_t>(inputs.positions[t]);
    std::byte* page = kv_page(kv, op.layer, page_of(inputs, t, position));
    store(key_row(kv, page, position % kPageTokens), kv.type, k_width,
          bindings.activations[op.in] + static_cast<std::uint64_t>(t) * k_width);
    if (op.in2 == kNoOperand) continue;
    store(value_row(kv, page, position % kPageTokens), kv.type, v_width,
          bindings.activations[op.in2] + static_cast<std::uint64_t>(t) * v_width);
  }
}

void attention(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    for (std::uint32_t h = 0; h < op.n_heads; ++h) {
      const std::uint64_t at = (static_cast<std::uint64_t>(t) * op.n_heads + h) * op.head_dim;
      attend_head(op, bindings.kv, inputs, t, h, bindings.activations[op.in] + at,
                  bindings.activations[op.out] + at);
    }
  }
}

void attention_latent(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t) {
    for (std::uint32_t h = 0; h < op.n_heads; ++h) {
      const std::uint64_t head = static_cast<std::uint64_t>(t) * op.n_heads + h;
      attend_latent_head(op, bindings, inputs, t, bindings.activations[op.in] + head * op.head_dim,
                         bindings.activations[op.out] + head * op.value_dim);
    }
  }
}

void index_topk(const Op& op, const Bindings& bindings, const StepInputs& inputs) {
  for (std::uint32_t t = 0; t < row_count(op, inputs); ++t)
    choose_positions(op, bindings, inputs, t);
}

}  // namespace blue::kernels::reference
