#include "kernels/formats/format_of.h"
#include "kernels/formats/iq4_nl/quant_block.h"
#include "kernels/formats/scale_fit.h"
#include "kernels/formats/unequal_grid.h"

namespace blue::kernels {
namespace {

using formats::iq4_nl::QuantBlock;
using formats::iq4_nl::Traits;

/// Fits the scale, of either sign, by least squares. Values must be finite; beyond the format's
/// range they saturate. Measured on normal values: root mean square error < 7.8 % of their
/// deviation (a test holds it).
QuantBlock encode_block(const float* all) {
  const std::array<float, 32> values = formats::within_reach<32>(all);
  QuantBlock block{};
  block.scale_f16 = formats::fit_half_scale<Traits::kValues, formats::UnequalGrid>(values.data());
  const auto steps = formats::steps_of<Traits::kValues, formats::UnequalGrid>(
      values.data(), half_to_float(block.scale_f16));
  for (int i = 0; i < Traits::kValues; ++i) {
    formats::put_nibble_of_halves(block.codes, i, formats::UnequalGrid::code_of(steps[i]));
  }
  return block;
}

}  // namespace

const Format& format_iq4_nl() {
  static constexpr Format kFormat = formats::format_of<Traits, encode_block>(20);
  return kFormat;
}

}  // namespace blue::kernels
