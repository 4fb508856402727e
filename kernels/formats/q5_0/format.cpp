#include "kernels/formats/format_of.h"
#include "kernels/formats/q5_0/quant_block.h"
#include "kernels/formats/scale_fit.h"

namespace blue::kernels {
namespace {

using formats::q5_0::QuantBlock;
using formats::q5_0::Traits;
using Grid = formats::EvenGrid<-16, 15>;

/// Fits the scale, of either sign, by least squares. Values must be finite; beyond the format's
/// range they saturate. Measured on normal values: root mean square error < 4.2 % of their
/// deviation (a test holds it).
QuantBlock encode_block(const float* all) {
  const std::array<float, 32> values = formats::within_reach<32>(all);
  QuantBlock block{};
  block.scale_f16 = formats::fit_half_scale<Traits::kValues, Grid>(values.data());
  const auto steps =
      formats::steps_of<Traits::kValues, Grid>(values.data(), half_to_float(block.scale_f16));
  for (int i = 0; i < Traits::kValues; ++i) {
    const int quant = static_cast<int>(steps[i]) + 16;
    formats::put_nibble_of_halves(block.low_nibbles, i, quant & 15);
    block.fifth_bits[i / 8] =
        static_cast<std::uint8_t>(block.fifth_bits[i / 8] | quant >> 4 << (i % 8));
  }
  return block;
}

}  // namespace

const Format& format_q5_0() {
  static constexpr Format kFormat = formats::format_of<Traits, encode_block>(6);
  return kFormat;
}

}  // namespace blue::kernels
