#include "kernels/formats/format_of.h"
#include "kernels/formats/line_fit.h"
#include "kernels/formats/q5_1/quant_block.h"

namespace blue::kernels {
namespace {

using formats::q5_1::QuantBlock;
using formats::q5_1::Traits;

/// Fits scale and offset by least squares. Values must be finite; beyond the format's range they
/// saturate. Measured on normal values: root mean square error < 3.6 % of their deviation (a test
/// holds it).
QuantBlock encode_block(const float* all) {
  const std::array<float, 32> values = formats::within_reach<32>(all);
  const auto line = formats::fit_half_line<Traits::kValues, 31>(values.data());
  QuantBlock block{.scale_f16 = line.scale_f16, .offset_f16 = line.offset_f16};
  for (int i = 0; i < Traits::kValues; ++i) {
    const int quant = static_cast<int>(line.quants[i]);
    formats::put_nibble_of_halves(block.low_nibbles, i, quant & 15);
    block.fifth_bits[i / 8] =
        static_cast<std::uint8_t>(block.fifth_bits[i / 8] | quant >> 4 << (i % 8));
  }
  return block;
}

}  // namespace

const Format& format_q5_1() {
  static constexpr Format kFormat = formats::format_of<Traits, encode_block>(7);
  return kFormat;
}

}  // namespace blue::kernels
