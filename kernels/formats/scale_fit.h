// Fitting value ≈ scale · step, where step is the nearest of a format's grid: what the encoders of
// symmetric formats share. Minimises the plain squared error: scales about the one that maps the
// largest value to either end of the grid are tried, each improved by least squares for the steps
// it gives (Lloyd 1982, "Least squares quantization in PCM", with the grid held rigid). Written in
// plain loops of constant length that the compiler turns into vectors. Depends on
// kernels/portable.h. For format.cpp files only (baseline instruction set). Pure functions; any
// thread.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/portable.h"

namespace blue::kernels::formats {

/// Values beyond it are taken for it: more than any format reaches, and their squares stay finite.
inline constexpr float kReach = 1e9F;
/// Scales below it are taken for 0: far less than binary16 holds, and their inverses stay finite.
inline constexpr float kLeastScale = 1e-30F;
inline constexpr float kLargestHalf = 65504.0F;

/// To the nearest integer, ties to even; |x| < 2^22.
inline float rounded(float x) { return (x + 0x1.8p23F) - 0x1.8p23F; }

/// std::clamp in a form that becomes two vector instructions.
inline float clamped(float x, float lowest, float highest) {
  const float raised = x > lowest ? x : lowest;
  return raised < highest ? raised : highest;
}

inline float inverse_of(float scale) {
  return std::fabs(scale) < kLeastScale ? 0.0F : 1.0F / scale;
}

/// The integers from kLowest to kHighest.
template <int kLowest, int kHighest>
struct EvenGrid {
  static constexpr std::array<float, 2> kEnds{kLowest, kHighest};
  static float nearest(float x) { return rounded(clamped(x, kLowest, kHighest)); }
};

/// The block's values within the encoders' reach.
template <int n>
std::array<float, n> within_reach(const float* values) {
  std::array<float, n> out;
  for (int i = 0; i < n; ++i) out[i] = clamped(values[i], -kReach, kReach);
  return out;
}

/// Of the largest magnitude.
inline float extreme_of(const float* values, int n) {
  float extreme = 0.0F;
  for (int i = 0; i < n; ++i)
    extreme = std::fabs(values[i]) > std::fabs(extreme) ? values[i] : extreme;
  return extreme;
}

/// Adds the halves of the first `n` terms until one is left: in an order of its own, so that the
/// compiler may use vectors without being allowed to reorder floats.
template <int n>
float folded(float* terms) {
  static_assert(n % 2 == 0 || n == 1);
  if constexpr (n == 1) {
    return terms[0];
  } else {
    for (int i = 0; i < n / 2; ++i) terms[i] += terms[i + n / 2];
    return folded<n / 2>(terms);
  }
}

/// The sum of term(0) to term(n - 1); n is a power of two.
template <int n, class Term>
float sum_of(Term term) {
  std::array<float, n> terms;
  for (int i = 0; i < n; ++i) terms[i] = term(i);
  return folded<n>(terms.data());
}

template <int n, class Grid>
std::array<float, n> steps_of(const float* values, float scale) {
  const float inverse = inverse_of(scale);
  std::array<float, n> steps;
  for (int i = 0; i < n; ++i) steps[i] = Grid::nearest(values[i] * inverse);
  return steps;
}

template <int n, class Grid>
float scale_error(const float* values, float scale) {
  const std::array<float, n> steps = steps_of<n, Grid>(values, scale);
  return sum_of<n>([&](int i) {
    const float error = scale * steps[i] - values[i];
    return error * error;
  });
}

/// A scale with what fitting it takes off the sum of squares.
struct MeritedScale {
  float scale = 0.0F;
  float merit = 0.0F;
};

/// The least-squares scale for the steps that `guess` gives.
template <int n, class Grid>
MeritedScale refit_scale(const float* values, float guess) {
  const std::array<float, n> steps = steps_of<n, Grid>(values, guess);
  const float products = sum_of<n>([&](int i) { return steps[i] * values[i]; });
  const float squares = sum_of<n>([&](int i) { return steps[i] * steps[i]; });
  if (squares <= 0.0F) return {};
  return {products / squares, products * (products / squares)};
}

/// The scale, of either sign, that errs least among those tried; 0 for values that are all (nearly)
/// 0.
template <int n, class Grid>
float fit_scale(const float* values) {
  const float extreme = extreme_of(values, n);
  if (std::fabs(extreme) < kLeastScale) return 0.0F;
  MeritedScale best;
  for (const float end : Grid::kEnds) {
    for (int step = -6; step <= 8; ++step) {
      const float scale = extreme / (end * (1.0F + 0.03F * static_cast<float>(step)));
      const MeritedScale fitted = refit_scale<n, Grid>(values, scale);
      if (fitted.merit > best.merit) best = fitted;
    }
  }
  for (int round = 0; round < 3; ++round) {
    const MeritedScale fitted = refit_scale<n, Grid>(values, best.scale);
    if (fitted.merit <= best.merit) break;
    best = fitted;
  }
  return best.scale;
}

/// `scale` as binary16, within its range; of the numbers beside it the one that `error` calls best.
/// Among subnormals, where steps are coarse, the nearest is not always the best.
template <class ErrorOf>
std::uint16_t best_half(float scale, ErrorOf error) {
  const std::uint16_t centre = float_to_half(std::clamp(scale, -kLargestHalf, kLargestHalf));
  std::uint16_t best = centre;
  float best_error = error(half_to_float(centre));
  for (const int offset : {-1, 1}) {
    const int magnitude = (centre & 0x7fff) + offset;
    if (magnitude < 0 || magnitude >= 0x7c00) continue;
    const auto half = static_cast<std::uint16_t>((centre & 0x8000) | magnitude);
    const float its_error = error(half_to_float(half));
    if (its_error < best_error) {
      best_error = its_error;
      best = half;
    }
  }
  return best;
}

/// The binary16 scale of one group under a scale of its own.
template <int n, class Grid>
std::uint16_t fit_half_scale(const float* values) {
  return best_half(fit_scale<n, Grid>(values),
                   [&](float scale) { return scale_error<n, Grid>(values, scale); });
}

/// `nibble` of value i of 32 into 16 bytes: nibble_of_halves(), written.
inline void put_nibble_of_halves(std::uint8_t* bytes, int i, int nibble) {
  std::uint8_t& byte = bytes[i % 16];
  byte = static_cast<std::uint8_t>(byte | nibble << (i / 16 * 4));
}

/// The pair (first, second) of `group` into 12 bytes that were 0: first_of_pair() and
/// second_of_pair(), written.
inline void put_pair(std::uint8_t* packed, int group, int first, int second) {
  const auto add = [](std::uint8_t& byte, int bits) {
    byte = static_cast<std::uint8_t>(byte | bits);
  };
  if (group < 4) {
    add(packed[group], first);
    add(packed[group + 4], second);
    return;
  }
  add(packed[group + 4], (first & 15) | (second & 15) << 4);
  add(packed[group - 4], first >> 4 << 6);
  add(packed[group], second >> 4 << 6);
}

}  // namespace blue::kernels::formats
