// qwen2: rotary on halves, biases on queries, keys and values. Source: Qwen team 2024, Qwen2
// technical report, §2.
#include "models/arch.h"
#include "models/blocks/decoder.h"

namespace blue::models {

const Arch& arch_qwen2() {
  static constexpr Arch kArch{
      "qwen2", [](const GgufFile& file) {
        return compile_decoder(file, {kernels::RopeStyle::halves, HeadNorm::none, {}});
      }};
  return kArch;
}

}  // namespace blue::models
