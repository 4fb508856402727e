#include <algorithm>
#include <cmath>

#include "kernels/formats/format_of.h"
#include "kernels/formats/q8_0/quant_block.h"

namespace blue::kernels {
namespace {

using formats::q8_0::QuantBlock;
using formats::q8_0::Traits;

/// The largest magnitude becomes ±127. Quants are rounded against the scale as stored, not as
/// computed, so the scale's own rounding costs nothing twice. Bound: |error| <= scale / 2, plus
/// what clamping at 127 loses (< scale / 16). Values must be finite; beyond the format's range
/// (65504 · 127) they saturate.
QuantBlock encode_block(const float* values) {
  float largest = 0.0F;
  for (int i = 0; i < Traits::kValues; ++i) largest = std::max(largest, std::fabs(values[i]));
  QuantBlock block{};
  block.scale_f16 = float_to_half(std::min(largest / 127.0F, 65504.0F));
  const float scale = half_to_float(block.scale_f16);
  if (scale == 0.0F) return block;
  for (int i = 0; i < Traits::kValues; ++i) {
    const float quant = std::clamp(std::nearbyint(values[i] / scale), -127.0F, 127.0F);
    block.quants[i] = static_cast<std::int8_t>(quant);
  }
  return block;
}

}  // namespace

const Format& format_q8_0() {
  static constexpr Format kFormat = formats::format_of<Traits, encode_block>(8);
  return kFormat;
}

}  // namespace blue::kernels
