#include "kernels/op_tolerance.h"

#include <algorithm>
#include <cmath>

namespace blue::kernels {
namespace {

constexpr double kUnit = 0x1p-24;  // half the distance from 1 to the next float
constexpr double kSafety = 4.0;

/// Rounding of a sum of n products of this size: each of the n steps errs by u times a partial sum
/// that grows like sqrt(n).
double dot_error(double n, double product) {
  return kUnit * (8.0 + std::sqrt(n)) * std::sqrt(n) * product;
}

/// A quantised weight may meet its activations rounded to bytes in groups: each is off by up to
/// half a step of largest / 127, anywhere within it, so that n of them add up like sqrt(n / 12)
/// steps.
double byte_error(double n, double product) { return std::sqrt(n / 12.0) * product / 127.0; }

double attention_error(const Op& op, const OpMagnitudes& m) {
  const double score_error = op.scale * dot_error(op.head_dim, m.in * m.weight);
  const double n_positions = m.position + 1.0;
  // exp turns an absolute error of a score into a relative one of its weight, twice: in the sum and
  // in its divisor.
  return m.value * (2.0 * score_error + kUnit * (16.0 + std::sqrt(n_positions)));
}

/// The shares sum to one, so that the value's own rounding and the scores' are all there is; the
/// value is part of the key.
double attention_latent_error(const Op& op, const OpMagnitudes& m) {
  OpMagnitudes with_value = m;
  with_value.value = m.weight;
  return attention_error(op, with_value);
}

/// A sum over heads of products of a weight and a dot product, each with its own rounding.
double index_error(const Op& op, const OpMagnitudes& m) {
  const double dot = op.head_dim * m.in * m.weight;
  return op.scale * op.n_heads * m.value *
         (dot_error(op.head_dim, m.in * m.weight) + kUnit * (8.0 + std::sqrt(op.n_heads)) * dot);
}

}  // namespace

double max_abs_error(const Op& op, const OpMagnitudes& m, const Format* weight) {
  switch (op.kind) {
    case OpKind::embed:
    case OpKind::kv_append:
    case OpKind::add:
    case OpKind::add_bias:
    case OpKind::gather_rows: return 0.0;
    case OpKind::rms_norm: return kSafety * kUnit * (8.0 + std::sqrt(op.cols)) * m.out;
    case OpKind::linear:
    case OpKind::head_linear:
    case OpKind::expert_linear: {
      const bool is_quantised = weight != nullptr && weight->values_per_block > 1;
      const double rounding = is_quantised ? byte_error(op.cols, m.in * m.weight) : 0.0;
      return kSafety * (dot_error(op.cols, m.in * m.weight) + rounding);
    }
    // The angle may be formed in float32: its error is u times its size, which is at most the
    // position.
    case OpKind::rope: return kSafety * kUnit * (4.0 + m.position) * m.in * op.rope_magnitude;
    // Ids differ by whole numbers. A weight is a quotient of sums of exponentials.
    case OpKind::route:
      return kSafety * kUnit * (16.0 + std::sqrt(op.n_experts)) * std::max(1.0F, op.scale);
    case OpKind::expert_sum: return kSafety * dot_error(op.top_k, m.in * m.weight);
    case OpKind::attention: return kSafety * attention_error(op, m);
    case OpKind::silu_mul: return kSafety * kUnit * 4.0 * m.in * m.weight;
    case OpKind::attention_latent: return kSafety * attention_latent_error(op, m);
    case OpKind::index_topk: return kSafety * index_error(op, m);
    // The mean is taken off values that may be much larger than what is left of them.
    case OpKind::layer_norm:
      return kSafety * kUnit * (8.0 + std::sqrt(op.cols)) * (m.out + m.weight * m.in);
    case OpKind::hadamard: return kSafety * dot_error(op.cols, m.in / std::sqrt(op.cols));
  }
  return 0.0;
}

}  // namespace blue::kernels
