// deepseek2: DeepSeek V2, V2-Lite, V3 and R1, Kimi K2. Latent attention over all positions.
// Source: DeepSeek-AI 2024, DeepSeek-V2; DeepSeek-AI 2024, DeepSeek-V3 technical report.
#include "models/arch.h"
#include "models/blocks/latent_decoder.h"

namespace blue::models {

const Arch& arch_deepseek2() {
  static constexpr Arch kArch{"deepseek2", [](const GgufFile& file) {
                                return compile_latent_decoder(file, LatentPositions::all);
                              }};
  return kArch;
}

}  // namespace blue::models
