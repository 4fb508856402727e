// qwen3: rotary on halves, RMS norm on every query and key head. Source: Qwen team 2025, Qwen3
// technical report, §2.
#include "models/arch.h"
#include "models/blocks/decoder.h"

namespace blue::models {

const Arch& arch_qwen3() {
  static constexpr Arch kArch{
      "qwen3", [](const GgufFile& file) {
        return compile_decoder(file, {kernels::RopeStyle::halves, HeadNorm::queries_and_keys, {}});
      }};
  return kArch;
}

}  // namespace blue::models
