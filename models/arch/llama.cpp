// llama: rotary on adjacent pairs, no norm on queries and keys. Source: Touvron et al. 2023, LLaMA; GGUF conventions.
#include "models/arch.h"
#include "models/blocks/dense_decoder.h"

namespace blue::models {

const Arch& arch_llama() {
  static constexpr Arch kArch{
      "llama", [](const GgufFile& file) {
        return compile_dense_decoder(file, {kernels::RopeStyle::adjacent, HeadNorm::none});
      }};
  return kArch;
}

}  // namespace blue::models
