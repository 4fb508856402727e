#include "kernels/op_tolerance.h"

#include <cmath>

namespace blue::kernels {
namespace {

constexpr double kUnit = 0x1p-24;  // half the distance from 1 to the next float
constexpr double kSafety = 4.0;

/// Rounding of a sum of n products of this size: each of the n steps errs by u times a partial sum that grows like sqrt(n).
double dot_error(double n, double product) { return kUnit * (8.0 + std::sqrt(n)) * std::sqrt(n) * product; }

/// A quantised weight may meet its activations rounded to bytes in groups: each is off by up to half a step of largest / 127,
/// anywhere within it, so that n of them add up like sqrt(n / 12) steps.
double byte_error(double n, double product) { return std::sqrt(n / 12.0) * product / 127.0; }

double attention_error(const Op& op, const OpMagnitudes& m) {
  const double score_error = op.scale * dot_error(op.head_dim, m.in * m.weight);
  const double n_positions = m.position + 1.0;
  // exp turns an absolute error of a score into a relative one of its weight, twice: in the sum and in its divisor.
  return m.value * (2.0 * score_error + kUnit * (16.0 + std::sqrt(n_positions)));
}

}  // namespace

double max_abs_error(const Op& op, const OpMagnitudes& m, const Format* weight) {
  switch (op.kind) {
    case OpKind::embed:
    case OpKind::kv_append:
    case OpKind::add:
    case OpKind::gather_rows: return 0.0;
    case OpKind::rms_norm: return kSafety * kUnit * (8.0 + std::sqrt(op.cols)) * m.out;
    case OpKind::linear: {
      const bool is_quantised = weight != nullptr && weight->values_per_block > 1;
      const double rounding = is_quantised ? byte_error(op.cols, m.in * m.weight) : 0.0;
      return kSafety * (dot_error(op.cols, m.in * m.weight) + rounding);
    }
    // The angle may be formed in float32: its error is u times its size, which is at most the position.
    case OpKind::rope: return kSafety * kUnit * (4.0 + m.position) * m.in;
    case OpKind::attention: return kSafety * attention_error(op, m);
    case OpKind::silu_mul: return kSafety * kUnit * 4.0 * m.in * m.weight;
  }
  return 0.0;
}

}  // namespace blue::kernels
