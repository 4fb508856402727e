#include <algorithm>
#include <cmath>

#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {
namespace {

/// Turns pair i of every head of one token. The angle and its sine are float64: at position 100,000
/// a float32 angle would be wrong in its third decimal.
void turn_pair(const Op& op, float* row, std::uint32_t i, double angle) {
  const auto cosine = static_cast<float>(std::cos(angle) * op.rope_magnitude);
  const auto sine = static_cast<float>(std::sin(angle) * op.rope_magnitude);
  const bool is_adjacent = op.rope_style == RopeStyle::adjacent;
  const std::uint32_t first = is_adjacent ? 2 * i : i;
  const std::uint32_t second = is_adjacent ? 2 * i + 1 : i + op.rotary_dims / 2;
  for (std::uint32_t h = 0; h < op.n_heads; ++h) {
    float* head = row + std::uint64_t{h} * op.head_dim + op.rotary_offset;
    const float x = head[first];
    const float y = head[second];
    head[first] = x * cosine - y * sine;
    head[second] = x * sine + y * cosine;
  }
}

/// What scaling makes of pair i's frequency: rope_scale, or with YaRN a blend from 1 to it.
double scale_of_pair(const Op& op, std::uint32_t i) {
  if (op.yarn_mix == 0.0F) return op.rope_scale;
  const double along =
      (static_cast<double>(i) - op.yarn_low) / (static_cast<double>(op.yarn_high) - op.yarn_low);
  const double mix = op.yarn_mix * (1.0 - std::clamp(along, 0.0, 1.0));
  return op.rope_scale * (1.0 - mix) + mix;
}

void run(const StepWork& work) {
  const Op& op = work.op;
  // Frequencies fall by one factor from pair to pair: one power per op, and n/2 roundings of
  // float64 are nothing.
  const double factor = std::pow(static_cast<double>(op.rope_base), -2.0 / op.rotary_dims);
  const auto* divisors =
      op.weight == kNoOperand
          ? nullptr
          : reinterpret_cast<const float*>(work.bindings.weights[op.weight].data);
  const std::uint64_t width = std::uint64_t{op.n_heads} * op.head_dim;
  // A sine and a cosine in float64 cost about as much as 64 multiplications.
  const std::uint64_t cost = width * 2 + std::uint64_t{op.rotary_dims} * 64;
  work.workers.parallel_for(
      work.n_rows(), grain_of(cost), [&](std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t t = begin; t < end; ++t) {
          double frequency = 1.0;
          for (std::uint32_t i = 0; i < op.rotary_dims / 2; ++i) {
            const double scale = scale_of_pair(op, i) / (divisors == nullptr ? 1.0 : divisors[i]);
            turn_pair(op, work.out() + t * width, i, work.inputs.positions[t] * frequency * scale);
            frequency *= factor;
          }
        }
      });
}

}  // namespace

const CpuOp& cpu_op_rope() {
  static constexpr CpuOp kOp{.run = run};
  return kOp;
}

}  // namespace blue::kernels::cpu
