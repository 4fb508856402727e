#include "kernels/formats/format_of.h"
#include "kernels/formats/grouped_fit.h"
#include "kernels/formats/q5_k/quant_block.h"

namespace blue::kernels {
namespace {

using formats::q5_k::kGroups;
using formats::q5_k::kGroupValues;
using formats::q5_k::QuantBlock;
using formats::q5_k::Traits;

/// Fits every group, shares one unit among their scales and one among their mins, then takes the
/// quants for what was really stored. Values must be finite; beyond the format's range they
/// saturate. Measured on normal values: root mean square error < 3.7 % of their deviation (a test
/// holds it).
QuantBlock encode_block(const float* all) {
  const std::array<float, 256> values = formats::within_reach<256>(all);
  const formats::LinedGroups<kGroups, kGroupValues, 31, 63, 1> fit(values.data());
  QuantBlock block{.scale_f16 = fit.scale_f16, .min_f16 = fit.min_f16};
  for (int group = 0; group < kGroups; ++group) {
    formats::put_pair(block.packed, group, fit.codes[group].scale, fit.codes[group].min);
    const auto quants = fit.quants(group);
    std::uint8_t* bytes = block.low_nibbles + group / 2 * kGroupValues;
    for (int i = 0; i < kGroupValues; ++i) {
      const int quant = static_cast<int>(quants[i]);
      bytes[i] = static_cast<std::uint8_t>(bytes[i] | (quant & 15) << (group % 2 * 4));
      block.fifth_bits[i] = static_cast<std::uint8_t>(block.fifth_bits[i] | quant >> 4 << group);
    }
  }
  return block;
}

}  // namespace

const Format& format_q5_k() {
  static constexpr Format kFormat = formats::format_of<Traits, encode_block>(13);
  return kFormat;
}

}  // namespace blue::kernels
