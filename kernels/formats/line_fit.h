// Fitting value ≈ scale · quant - min with quants from 0 to kTop: what the encoders of formats with
// an offset share. Minimises the plain squared error as scale_fit.h does: steps about the one that
// spans the values are tried, each improved by the least-squares line through (quant, value).
// Depends on scale_fit.h. For format.cpp files only (baseline instruction set). Pure functions; any
// thread.
#pragma once

#include <algorithm>
#include <array>
#include <limits>

#include "kernels/formats/scale_fit.h"

namespace blue::kernels::formats {

struct Line {
  float scale = 0.0F;  ///< >= 0
  float min = 0.0F;
};

/// May the line's min be negative?
enum class Min { of_any_sign, not_negative };

template <int n, int kTop>
std::array<float, n> quants_of(const float* values, Line line) {
  const float inverse = inverse_of(line.scale);
  std::array<float, n> quants;
  for (int i = 0; i < n; ++i)
    quants[i] = EvenGrid<0, kTop>::nearest((values[i] + line.min) * inverse);
  return quants;
}

template <int n, int kTop>
float line_error(const float* values, Line line) {
  const std::array<float, n> quants = quants_of<n, kTop>(values, line);
  return sum_of<n>([&](int i) {
    const float error = line.scale * quants[i] - line.min - values[i];
    return error * error;
  });
}

struct FittedLine {
  Line line;
  float error = 0.0F;  ///< the sum of squares left, for the quants that it was fitted to
};

/// The least-squares line for the quants that `guess` gives; min is held at 0 where a free one
/// would be negative and must not.
template <int n, int kTop>
FittedLine refit_line(const float* values, Line guess, Min min_kind) {
  const std::array<float, n> quants = quants_of<n, kTop>(values, guess);
  // y = value + guess.min ≈ scale · quant + offset: nothing cancels where the values are large and
  // lie close together.
  std::array<float, n> y;
  for (int i = 0; i < n; ++i) y[i] = values[i] + guess.min;
  const float sum_q = sum_of<n>([&](int i) { return quants[i]; });
  const float sum_qq = sum_of<n>([&](int i) { return quants[i] * quants[i]; });
  const float sum_y = sum_of<n>([&](int i) { return y[i]; });
  const float sum_yy = sum_of<n>([&](int i) { return y[i] * y[i]; });
  const float sum_qy = sum_of<n>([&](int i) { return quants[i] * y[i]; });
  const float spread = n * sum_qq - sum_q * sum_q;  // integers: exact
  if (spread <= 0.0F) return {guess, std::numeric_limits<float>::infinity()};
  float scale = std::max((n * sum_qy - sum_q * sum_y) / spread, 0.0F);
  float offset = (sum_y - scale * sum_q) / n;
  if (offset > guess.min && min_kind == Min::not_negative) {
    offset = guess.min;
    scale = std::max((sum_qy - offset * sum_q) / sum_qq, 0.0F);
  }
  const float error = sum_yy - 2.0F * (scale * sum_qy + offset * sum_y) +
                      scale * (scale * sum_qq + 2.0F * offset * sum_q) + offset * offset * n;
  return {{scale, guess.min - offset}, error};
}

template <int n, int kTop>
Line fit_line(const float* values, Min min_kind) {
  const auto [low, high] = std::minmax_element(values, values + n);
  const float lowest = min_kind == Min::not_negative ? std::min(*low, 0.0F) : *low;
  const float range = *high - lowest;
  if (range < kLeastScale) return {0.0F, -lowest};
  FittedLine best{{range / kTop, -lowest}, std::numeric_limits<float>::infinity()};
  const auto improve = [&](Line guess) {
    const FittedLine fitted = refit_line<n, kTop>(values, guess, min_kind);
    if (fitted.error < best.error) best = fitted;
  };
  for (int step = -8; step <= 12; ++step) {
    improve({range / (kTop * (1.0F + 0.03F * static_cast<float>(step))), -lowest});
  }
  for (int round = 0; round < 3; ++round) improve(best.line);
  return best.line;
}

/// One group's line in binary16, and its quants.
template <int n, int kTop>
struct HalfLine {
  std::uint16_t scale_f16 = 0;
  std::uint16_t offset_f16 = 0;  ///< -min
  std::array<float, n> quants{};
};

/// The offset is rounded first, then the scale is fitted to what was stored.
template <int n, int kTop>
HalfLine<n, kTop> fit_half_line(const float* values) {
  const Line fitted = fit_line<n, kTop>(values, Min::of_any_sign);
  HalfLine<n, kTop> out;
  out.offset_f16 = best_half(-fitted.min, [&](float offset) {
    return line_error<n, kTop>(values, {fitted.scale, -offset});
  });
  const float min = -half_to_float(out.offset_f16);
  out.scale_f16 = best_half(fitted.scale, [&](float scale) {
    return line_error<n, kTop>(values, {scale, min});
  });
  out.quants = quants_of<n, kTop>(values, {half_to_float(out.scale_f16), min});
  return out;
}

}  // namespace blue::kernels::formats
