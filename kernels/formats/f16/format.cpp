#include "kernels/formats/f16/quant_block.h"
#include "kernels/formats/format_of.h"

namespace blue::kernels {
namespace {

formats::f16::QuantBlock encode_block(const float* values) { return {float_to_half(values[0])}; }

}  // namespace

const Format& format_f16() {
  static constexpr Format kFormat = formats::format_of<formats::f16::Traits, encode_block>(1);
  return kFormat;
}

}  // namespace blue::kernels
