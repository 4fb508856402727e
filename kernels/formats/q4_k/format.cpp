#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/formats/format_of.h"
#include "kernels/formats/q4_k/quant_block.h"

namespace blue::kernels {
namespace {

using formats::q4_k::kGroups;
using formats::q4_k::kGroupValues;
using formats::q4_k::QuantBlock;
using formats::q4_k::Traits;

constexpr float kMaxQuant = 15.0F;
constexpr int kMaxGroupScale = 63;

/// value ≈ scale · quant - min, with scale, min >= 0.
struct Line {
  float scale = 0.0F;
  float min = 0.0F;
};

float quantise(float value, Line line) {
  if (line.scale <= 0.0F) return 0.0F;
  return std::clamp(std::nearbyint((value + line.min) / line.scale), 0.0F, kMaxQuant);
}

float squared_error(const float* values, Line line) {
  float sum = 0.0F;
  for (int i = 0; i < kGroupValues; ++i) {
    const float error = line.scale * quantise(values[i], line) - line.min - values[i];
    sum += error * error;
  }
  return sum;
}

/// The least-squares line through (quant, value) for the quants that `guess` gives; min is held at
/// 0 where the free solution would make it negative, which the format cannot store.
Line refit(const float* values, Line guess) {
  double sum_q = 0.0;
  double sum_qq = 0.0;
  double sum_x = 0.0;
  double sum_qx = 0.0;
  for (int i = 0; i < kGroupValues; ++i) {
    const double quant = quantise(values[i], guess);
    sum_q += quant;
    sum_qq += quant * quant;
    sum_x += values[i];
    sum_qx += quant * values[i];
  }
  const double spread = kGroupValues * sum_qq - sum_q * sum_q;
  if (spread <= 0.0) return guess;
  const double scale = (kGroupValues * sum_qx - sum_q * sum_x) / spread;
  const double min = (scale * sum_q - sum_x) / kGroupValues;
  if (min >= 0.0) return {static_cast<float>(std::max(scale, 0.0)), static_cast<float>(min)};
  return {static_cast<float>(std::max(sum_qx / sum_qq, 0.0)), 0.0F};
}

/// Searches steps around the one that spans [lowest, highest] exactly: rounding the ends inwards a
/// little costs two values and sharpens the other thirty. Each candidate is refitted; the smallest
/// squared error wins.
Line fit_group(const float* values) {
  const auto [low, high] = std::minmax_element(values, values + kGroupValues);
  const float lowest = std::min(*low, 0.0F);
  const float range = *high - lowest;
  if (range <= 0.0F) return {0.0F, -lowest};
  Line best{range / kMaxQuant, -lowest};
  float best_error = squared_error(values, best);
  for (int step = -10; step <= 16; ++step) {
    Line line{range / (kMaxQuant + 0.1F * static_cast<float>(step)), -lowest};
    for (int round = 0; round < 2; ++round) {
      line = refit(values, line);
      const float error = squared_error(values, line);
      if (error < best_error) {
        best = line;
        best_error = error;
      }
    }
  }
  return best;
}

struct GroupCode {
  int scale = 0;
  int min = 0;
};

/// The 6-bit pair near `wanted` whose decoded line errs least on the values.
GroupCode choose_code(const float* values, Line wanted, float scale, float min) {
  const auto nearest = [](float value, float unit) {
    return unit > 0.0F ? static_cast<int>(std::clamp(std::nearbyint(value / unit), 0.0F, 63.0F))
                       : 0;
  };
  const GroupCode centre{nearest(wanted.scale, scale), nearest(wanted.min, min)};
  GroupCode best = centre;
  float best_error = -1.0F;
  for (int s = std::max(centre.scale - 1, 0); s <= std::min(centre.scale + 1, kMaxGroupScale);
       ++s) {
    for (int m = std::max(centre.min - 1, 0); m <= std::min(centre.min + 1, kMaxGroupScale); ++m) {
      const float error =
          squared_error(values, {scale * static_cast<float>(s), min * static_cast<float>(m)});
      if (best_error < 0.0F || error < best_error) {
        best = {s, m};
        best_error = error;
      }
    }
  }
  return best;
}

void pack_code(QuantBlock& block, int group, GroupCode code) {
  const auto byte = [](int value) { return static_cast<std::uint8_t>(value); };
  if (group < 4) {
    block.packed[group] = byte(block.packed[group] | code.scale);
    block.packed[group + 4] = byte(block.packed[group + 4] | code.min);
    return;
  }
  block.packed[group + 4] = byte((code.scale & 15) | (code.min & 15) << 4);
  block.packed[group - 4] = byte(block.packed[group - 4] | (code.scale >> 4) << 6);
  block.packed[group] = byte(block.packed[group] | (code.min >> 4) << 6);
}

std::uint16_t unit_of(float largest) {
  return float_to_half(std::min(largest / kMaxGroupScale, 65504.0F));
}

/// Fits every group, shares one scale and one min among them, then quantises against what was
/// really stored. Values must be finite. Measured on normal values: root mean square error < 7.5 %
/// of their deviation (a test holds it).
QuantBlock encode_block(const float* values) {
  std::array<Line, kGroups> lines;
  Line largest;
  for (int group = 0; group < kGroups; ++group) {
    lines[group] = fit_group(values + group * kGroupValues);
    largest.scale = std::max(largest.scale, lines[group].scale);
    largest.min = std::max(largest.min, lines[group].min);
  }
  QuantBlock block{};
  block.scale_f16 = unit_of(largest.scale);
  block.min_f16 = unit_of(largest.min);
  const float scale = half_to_float(block.scale_f16);
  const float min = half_to_float(block.min_f16);
  for (int group = 0; group < kGroups; ++group) {
    const float* in = values + group * kGroupValues;
    const GroupCode code = choose_code(in, lines[group], scale, min);
    pack_code(block, group, code);
    const Line line{scale * static_cast<float>(code.scale), min * static_cast<float>(code.min)};
    std::uint8_t* bytes = block.quants + group / 2 * kGroupValues;
    for (int i = 0; i < kGroupValues; ++i) {
      const int quant = static_cast<int>(quantise(in[i], line));
      bytes[i] = static_cast<std::uint8_t>(bytes[i] | quant << group % 2 * 4);
    }
  }
  return block;
}

}  // namespace

const Format& format_q4_k() {
  static constexpr Format kFormat = formats::format_of<Traits, encode_block>(12);
  return kFormat;
}

}  // namespace blue::kernels
