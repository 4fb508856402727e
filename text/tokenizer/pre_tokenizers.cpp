#include "text/tokenizer/pre_tokenizers.h"

#include <algorithm>
#include <iterator>

#include "text/tokenizer/pre_tokenizer_expressions.h"

namespace blue::text {
namespace {

// Source of names and flags: llama.cpp v0.5.0, src/llama-vocab.cpp; of NFC: each model's own
// tokenizer.json.
constexpr PreTokenizer kTable[] = {
    {.name = "default", .steps = kDefault},
    {.name = "gpt-2", .steps = kGpt2},
    {.name = "mpt", .steps = kGpt2, .normalizes = true},
    {.name = "llama-bpe", .steps = kLlama3, .takes_whole_words = true, .adds_bos = true},
    {.name = "dbrx", .steps = kLlama3},
    {.name = "jais-2", .steps = kJais2},
    {.name = "minicpm5", .steps = kMinicpm5, .takes_whole_words = true},
    {.name = "qwen2", .steps = kQwen2, .normalizes = true},
    {.name = "qwen35", .steps = kQwen35, .normalizes = true},
    {.name = "grok-2", .steps = kQwen2},
    {.name = "laguna", .steps = kLaguna},
    {.name = "ufakzeka", .steps = kUfakzeka},
    {.name = "seed-coder", .steps = kSeedCoder},
    {.name = "bailingmoe", .steps = kBailingMoe},
    {.name = "exaone-moe", .steps = kExaoneMoe},
    {.name = "deepseek-llm", .steps = kDeepseekLlm},
    {.name = "deepseek-coder", .steps = kDeepseekCoder},
    {.name = "deepseek-v3", .steps = kDeepseekV3},
    {.name = "spark2_5", .steps = kSpark25},
    {.name = "afmoe", .steps = kAfmoe},
    {.name = "kimi-k2", .steps = kKimiK2},
    {.name = "gpt-4o", .steps = kGpt4o},
    {.name = "granite-embed-multi-97m", .steps = kGpt4o, .takes_whole_words = true},
    {.name = "tiny_aya", .steps = kTinyAya, .normalizes = true},
    {.name = "youtu", .steps = kYoutu, .takes_whole_words = true},
    {.name = "tekken", .steps = kTekken, .takes_whole_words = true, .adds_bos = true},
    {.name = "starcoder", .steps = kSmollm},
    {.name = "command-r", .steps = kSmollm, .normalizes = true},
    {.name = "chameleon", .steps = kChameleon, .adds_bos = true},
    {.name = "falcon", .steps = kFalcon},
    {.name = "bloom", .steps = kBloom},
    {.name = "viking", .steps = kViking},
    {.name = "superbpe", .steps = kSuperbpe},
};

struct OtherName {
  std::string_view other;
  std::string_view name;
};
/// Names that converters give to pre-tokenizers of the table.
constexpr OtherName kOtherNames[] = {
    {"llama3", "llama-bpe"},
    {"llama-v3", "llama-bpe"},
    {"falcon3", "llama-bpe"},
    {"falcon-h1", "llama-bpe"},
    {"pixtral", "llama-bpe"},
    {"midm-2.0", "llama-bpe"},
    {"lfm2", "llama-bpe"},
    {"jina-v5-nano", "llama-bpe"},
    {"smaug-bpe", "dbrx"},
    {"glm4", "dbrx"},
    {"chatglm-bpe", "dbrx"},
    {"phi-2", "gpt-2"},
    {"jina-es", "gpt-2"},
    {"jina-de", "gpt-2"},
    {"jina-v1-en", "gpt-2"},
    {"jina-v2-es", "gpt-2"},
    {"jina-v2-de", "gpt-2"},
    {"jina-v2-code", "gpt-2"},
    {"roberta-bpe", "gpt-2"},
    {"gigachat", "gpt-2"},
    {"a.x-4.0", "gpt-2"},
    {"mellum", "gpt-2"},
    {"jais", "gpt-2"},
    {"trillion", "gpt-2"},
    {"granite-docling", "gpt-2"},
    {"exaone4", "gpt-2"},
    {"olmo", "mpt"},
    {"modern-bert", "mpt"},
    {"deepseek-r1-qwen", "qwen2"},
    {"f2llmv2", "qwen2"},
    {"stablelm2", "qwen2"},
    {"kormo", "grok-2"},
    {"megrez", "grok-2"},
    {"hunyuan", "grok-2"},
    {"solar-open", "grok-2"},
    {"bailingmoe2", "bailingmoe"},
    {"llada-moe", "bailingmoe"},
    {"hunyuan-dense", "deepseek-v3"},
    {"joyai-llm", "deepseek-v3"},
    {"hy_v4", "deepseek-v3"},
    {"llama4", "gpt-4o"},
    {"kanana2", "gpt-4o"},
    {"talkie", "gpt-4o"},
    {"minimax-m2", "gpt-4o"},
    {"cohere2moe", "tiny_aya"},
    {"smollm", "starcoder"},
    {"refact", "starcoder"},
    {"codeshell", "starcoder"},
    {"exaone", "starcoder"},
    {"minerva-7b", "starcoder"},
    {"mellum2", "starcoder"},
    {"poro-chat", "bloom"},
    {"gpt3-finnish", "bloom"},
};

}  // namespace

const PreTokenizer* find_pre_tokenizer(std::string_view name) {
  const auto* const other =
      std::find_if(std::begin(kOtherNames), std::end(kOtherNames),
                   [&](const OtherName& entry) { return entry.other == name; });
  if (other != std::end(kOtherNames)) name = other->name;
  const auto* const found =
      std::find_if(std::begin(kTable), std::end(kTable),
                   [&](const PreTokenizer& entry) { return entry.name == name; });
  return found != std::end(kTable) ? found : nullptr;
}

std::string known_pre_tokenizers() {
  std::string names;
  for (const PreTokenizer& entry : kTable)
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  for (const OtherName& entry : kOtherNames) names += ", " + std::string(entry.other);
  return names;
}

}  // namespace blue::text
