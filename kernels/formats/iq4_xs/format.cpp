#include "kernels/formats/format_of.h"
#include "kernels/formats/grouped_fit.h"
#include "kernels/formats/iq4_xs/quant_block.h"
#include "kernels/formats/unequal_grid.h"

namespace blue::kernels {
namespace {

using formats::iq4_xs::kGroups;
using formats::iq4_xs::kGroupValues;
using formats::iq4_xs::QuantBlock;
using formats::iq4_xs::Traits;

/// Fits every group, shares one unit among their scales, then takes the codes for what was really
/// stored. Values must be finite; beyond the format's range they saturate. Measured on normal
/// values: root mean square error < 7.8 % of their deviation (a test holds it).
QuantBlock encode_block(const float* all) {
  const std::array<float, 256> values = formats::within_reach<256>(all);
  const formats::ScaledGroups<kGroups, kGroupValues, formats::UnequalGrid, -32, 31> fit(
      values.data());
  QuantBlock block{.scale_f16 = fit.unit_f16};
  for (int group = 0; group < kGroups; ++group) {
    const int code = fit.codes[group] + 32;
    std::uint8_t& low = block.low_nibbles[group / 2];
    std::uint8_t& upper = block.upper_bits[group / 4];
    low = static_cast<std::uint8_t>(low | (code & 15) << (group % 2 * 4));
    upper = static_cast<std::uint8_t>(upper | code >> 4 << (group % 4 * 2));
    const auto steps = fit.steps(group);
    for (int i = 0; i < kGroupValues; ++i) {
      formats::put_nibble_of_halves(block.codes + group * 16, i,
                                    formats::UnequalGrid::code_of(steps[i]));
    }
  }
  return block;
}

}  // namespace

const Format& format_iq4_xs() {
  static constexpr Format kFormat = formats::format_of<Traits, encode_block>(23);
  return kFormat;
}

}  // namespace blue::kernels
