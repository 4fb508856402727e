#include "kernels/formats/f32/quant_block.h"
#include "kernels/formats/format_of.h"

namespace blue::kernels {
namespace {

formats::f32::QuantBlock encode_block(const float* values) { return {values[0]}; }

}  // namespace

const Format& format_f32() {
  static constexpr Format kFormat = formats::format_of<formats::f32::Traits, encode_block>(0);
  return kFormat;
}

}  // namespace blue::kernels
