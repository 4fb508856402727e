// qwen3moe: qwen3 with routed experts, softmax over all of them, the chosen weights brought to sum
// 1; no shared expert.
// Source: Qwen team 2025, Qwen3 technical report, §2.
#include "models/arch.h"
#include "models/blocks/decoder.h"

namespace blue::models {

const Arch& arch_qwen3moe() {
  static constexpr Arch kArch{
      "qwen3moe", [](const GgufFile& file) {
        return compile_decoder(file, {kernels::RopeStyle::halves, HeadNorm::queries_and_keys, {}});
      }};
  return kArch;
}

}  // namespace blue::models
