// Fitting a block of groups whose scales (and mins) are small integers times a binary16 unit of the
// block: what the encoders of the K formats and IQ4_XS share. Each group is fitted alone, the unit
// is taken from the largest, every group then chooses among the codes beside its own fit by what
// really decodes, and the unit is refitted to the codes; the best of a few rounds stays. Depends on
// line_fit.h. For format.cpp files only (baseline instruction set). Pure functions; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/formats/line_fit.h"

namespace blue::kernels::formats {

inline constexpr int kRounds = 3;

/// A unit as binary16. One that would round to 0 becomes the smallest there is: small codes may
/// still use it.
inline std::uint16_t half_unit(float unit) {
  const std::uint16_t half = float_to_half(std::clamp(unit, -kLargestHalf, kLargestHalf));
  const bool is_lost = (half & 0x7fff) == 0 && std::fabs(unit) >= kLeastScale;
  return is_lost ? static_cast<std::uint16_t>(half | 1) : half;
}

inline int nearest_code(float value, float unit, int lowest, int highest) {
  if (unit == 0.0F) return 0;
  return static_cast<int>(std::nearbyint(
      std::clamp(value / unit, static_cast<float>(lowest), static_cast<float>(highest))));
}

/// value ≈ unit · code · step, with one code per group.
template <int n_groups, int n, class Grid, int kLowestCode, int kHighestCode>
class ScaledGroups {
 public:
  std::uint16_t unit_f16 = 0;
  std::array<int, n_groups> codes{};

  explicit ScaledGroups(const float* values) : values_(values) {
    for (int g = 0; g < n_groups; ++g) scales_[g] = fit_scale<n, Grid>(values + g * n);
    const float extreme = extreme_of(scales_.data(), n_groups);
    if (std::fabs(extreme) < kLeastScale) return;
    float best_error = std::numeric_limits<float>::infinity();
    for (const int end : {kLowestCode, kHighestCode}) {
      float unit = extreme / static_cast<float>(end);
      for (int round = 0; round < kRounds; ++round) unit = try_unit(half_unit(unit), best_error);
    }
  }

  [[nodiscard]] std::array<float, n> steps(int group) const {
    return steps_of<n, Grid>(values_ + group * n,
                             half_to_float(unit_f16) * static_cast<float>(codes[group]));
  }

 private:
  /// Keeps the unit if it errs less than `best_error`; the least-squares unit for the codes and
  /// steps it gives.
  float try_unit(std::uint16_t half, float& best_error) {
    const float unit = half_to_float(half);
    std::array<int, n_groups> chosen{};
    float error = 0.0F;
    double products = 0.0;
    double squares = 0.0;
    for (int g = 0; g < n_groups; ++g) {
      const float* values = values_ + g * n;
      error += choose_code(values, scales_[g], unit, chosen[g]);
      const auto code = static_cast<float>(chosen[g]);
      const std::array<float, n> steps = steps_of<n, Grid>(values, unit * code);
      products += code * sum_of<n>([&](int i) { return steps[i] * values[i]; });
      squares += code * code * sum_of<n>([&](int i) { return steps[i] * steps[i]; });
    }
    if (error < best_error) {
      best_error = error;
      unit_f16 = half;
      codes = chosen;
    }
    return squares > 0.0 ? static_cast<float>(products / squares) : unit;
  }

  static float choose_code(const float* values, float scale, float unit, int& chosen) {
    const int centre = nearest_code(scale, unit, kLowestCode, kHighestCode);
    float best_error = std::numeric_limits<float>::infinity();
    for (int code = std::max(centre - 1, kLowestCode); code <= std::min(centre + 1, kHighestCode);
         ++code) {
      const float error = scale_error<n, Grid>(values, unit * static_cast<float>(code));
      if (error < best_error) {
        best_error = error;
        chosen = code;
      }
    }
    return best_error;
  }

  const float* values_;
  std::array<float, n_groups> scales_{};
};

struct LineCode {
  int scale = 0;
  int min = 0;
};

/// value ≈ scale unit · s · quant - min unit · m, with one pair (s, m) per group; codes up to
/// kTopCode, of which those within kReachOfSearch of a group's own fit are tried.
template <int n_groups, int n, int kTop, int kTopCode, int kReachOfSearch>
class LinedGroups {
 public:
  std::uint16_t scale_f16 = 0;
  std::uint16_t min_f16 = 0;
  std::array<LineCode, n_groups> codes{};

  explicit LinedGroups(const float* values) : values_(values) {
    Line units;
    for (int g = 0; g < n_groups; ++g) {
      lines_[g] = fit_line<n, kTop>(values + g * n, Min::not_negative);
      units.scale = std::max(units.scale, lines_[g].scale / kTopCode);
      units.min = std::max(units.min, lines_[g].min / kTopCode);
    }
    float best_error = std::numeric_limits<float>::infinity();
    for (int round = 0; round < kRounds; ++round) {
      units = try_units(half_unit(units.scale), half_unit(units.min), best_error);
    }
  }

  [[nodiscard]] std::array<float, n> quants(int group) const {
    return quants_of<n, kTop>(values_ + group * n, line_of(codes[group], {half_to_float(scale_f16),
                                                                          half_to_float(min_f16)}));
  }

 private:
  static Line line_of(LineCode code, Line units) {
    return {units.scale * static_cast<float>(code.scale), units.min * static_cast<float>(code.min)};
  }

  /// Keeps the units if they err less than `best_error`; the least-squares units for the codes and
  /// quants they give.
  Line try_units(std::uint16_t scale_half, std::uint16_t min_half, float& best_error) {
    const Line units{half_to_float(scale_half), half_to_float(min_half)};
    std::array<LineCode, n_groups> chosen{};
    float error = 0.0F;
    // x ≈ a · u - b · m, where u = s · quant.
    double uu = 0.0;
    double um = 0.0;
    double mm = 0.0;
    double ux = 0.0;
    double mx = 0.0;
    for (int g = 0; g < n_groups; ++g) {
      const float* values = values_ + g * n;
      error += choose_code(values, lines_[g], units, chosen[g]);
      const std::array<float, n> quants = quants_of<n, kTop>(values, line_of(chosen[g], units));
      const double s = chosen[g].scale;
      const double m = chosen[g].min;
      uu += s * s * sum_of<n>([&](int i) { return quants[i] * quants[i]; });
      um += s * m * sum_of<n>([&](int i) { return quants[i]; });
      mm += m * m * n;
      ux += s * sum_of<n>([&](int i) { return quants[i] * values[i]; });
      mx += m * sum_of<n>([&](int i) { return values[i]; });
    }
    if (error < best_error) {
      best_error = error;
      scale_f16 = scale_half;
      min_f16 = min_half;
      codes = chosen;
    }
    const double determinant = uu * mm - um * um;
    if (determinant <= 1e-9 * uu * mm) return units;
    return {std::max(static_cast<float>((ux * mm - mx * um) / determinant), 0.0F),
            std::max(static_cast<float>((ux * um - mx * uu) / determinant), 0.0F)};
  }

  static float choose_code(const float* values, Line wanted, Line units, LineCode& chosen) {
    const int s_centre = nearest_code(wanted.scale, units.scale, 0, kTopCode);
    const int m_centre = nearest_code(wanted.min, units.min, 0, kTopCode);
    float best_error = std::numeric_limits<float>::infinity();
    for (int s = std::max(s_centre - kReachOfSearch, 0);
         s <= std::min(s_centre + kReachOfSearch, kTopCode); ++s) {
      for (int m = std::max(m_centre - kReachOfSearch, 0);
           m <= std::min(m_centre + kReachOfSearch, kTopCode); ++m) {
        const float error = line_error<n, kTop>(values, line_of({s, m}, units));
        if (error < best_error) {
          best_error = error;
          chosen = {s, m};
        }
      }
    }
    return best_error;
  }

  const float* values_;
  std::array<Line, n_groups> lines_{};
};

}  // namespace blue::kernels::formats
