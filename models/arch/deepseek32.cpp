// deepseek32: DeepSeek V3.2. V3 with a lightning indexer that chooses the positions attended to.
// Source: DeepSeek-AI 2025, DeepSeek-V3.2, §2.1.
#include "models/arch.h"
#include "models/blocks/latent_decoder.h"

namespace blue::models {

const Arch& arch_deepseek32() {
  static constexpr Arch kArch{"deepseek32", [](const GgufFile& file) {
                                return compile_latent_decoder(file,
                                                              LatentPositions::chosen_by_indexer);
                              }};
  return kArch;
}

}  // namespace blue::models
