// llama: rotary on adjacent pairs, no norm on queries and keys; with routed experts it is Mixtral.
// Source: Touvron et al. 2023, LLaMA; Jiang et al. 2024, Mixtral of experts; GGUF conventions.
#include "models/arch.h"
#include "models/blocks/decoder.h"

namespace blue::models {

const Arch& arch_llama() {
  static constexpr Arch kArch{
      "llama", [](const GgufFile& file) {
        return compile_decoder(file, {kernels::RopeStyle::adjacent, HeadNorm::none, {}});
      }};
  return kArch;
}

}  // namespace blue::models
