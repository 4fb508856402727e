#include "models/gguf/tensor_type.h"

#include <algorithm>
#include <array>

namespace blue::models {
namespace {

/// By number; empty where the number was never given or was withdrawn.
/// Source: ggml-org/ggml, docs/gguf.md and include/ggml.h.
constexpr std::array<std::string_view, 40> kNames{
    "F32",      "F16",      "Q4_0",    "Q4_1",  "",       "",      "Q5_0",  "Q5_1",
    "Q8_0",     "Q8_1",     "Q2_K",    "Q3_K",  "Q4_K",   "Q5_K",  "Q6_K",  "Q8_K",
    "IQ2_XXS",  "IQ2_XS",   "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS",
    "I8",       "I16",      "I32",     "I64",   "F64",    "IQ1_M", "BF16",  "Q4_0_4_4",
    "Q4_0_4_8", "Q4_0_8_8", "TQ1_0",   "TQ2_0", "",       "",      "",      "MXFP4"};

}  // namespace

std::string tensor_type_text(std::uint32_t type) {
  if (type < kNames.size() && !kNames[type].empty()) return std::string(kNames[type]);
  return "type " + std::to_string(type);
}

bool is_tensor_type(std::string_view name) {
  return !name.empty() && std::ranges::find(kNames, name) != kNames.end();
}

}  // namespace blue::models
