#include "kernels/formats/bf16/quant_block.h"
#include "kernels/formats/format_of.h"

namespace blue::kernels {
namespace {

using formats::bf16::QuantBlock;
using formats::bf16::Traits;

/// Round to nearest, ties to even; the carry may run into the exponent. A NaN stays a (quiet) NaN.
QuantBlock encode_block(const float* values) {
  const std::uint32_t bits = bits_from_float(values[0]);
  const bool is_nan = (bits & 0x7fffffffU) > 0x7f800000U;
  const std::uint32_t rounded = is_nan ? bits | 0x400000U : bits + 0x7fffU + (bits >> 16 & 1U);
  return {static_cast<std::uint16_t>(rounded >> 16)};
}

}  // namespace

const Format& format_bf16() {
  static constexpr Format kFormat = formats::format_of<Traits, encode_block>(30);
  return kFormat;
}

}  // namespace blue::kernels
