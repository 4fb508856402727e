#include "text/tokenizer/pre_tokenizers.h"

#include <algorithm>
#include <iterator>

namespace blue::text {
namespace {

// The models' own expressions are written for other engines. What differs in PCRE2 is spelled out:
// - \s is Unicode's White_Space there; PCRE2's own exceeds it by U+180E. S(pace), and as the inside
//   of a class.
#define BLUE_SPACES                                                                                \
  "\\x09-\\x0d\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}" \
  "\\x{3000}"
#define BLUE_SPACE "[" BLUE_SPACES "]"
#define BLUE_NO_SPACE "[^" BLUE_SPACES "]"
// - \p{Han} is the script there; PCRE2's own takes in the characters that other scripts share with
//   it.
#define BLUE_HAN "\\p{sc:Han}"
// - [A&&[^B]] is [^(not A)B]: all general categories but those of A are named.
#define BLUE_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define BLUE_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define BLUE_UPPER_NO_HAN "[^" BLUE_HAN "\\p{Ll}\\p{N}\\p{P}\\p{S}\\p{Z}\\p{C}]"
#define BLUE_LOWER_NO_HAN "[^" BLUE_HAN "\\p{Lu}\\p{Lt}\\p{N}\\p{P}\\p{S}\\p{Z}\\p{C}]"

#define BLUE_CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define BLUE_LEAD "[^\\r\\n\\p{L}\\p{N}]?"
#define BLUE_SYMBOLS " ?[^" BLUE_SPACES "\\p{L}\\p{N}]+"
#define BLUE_LAST_SPACES BLUE_SPACE "+(?!" BLUE_NO_SPACE ")|" BLUE_SPACE "+"
#define BLUE_LINES_AND_SPACES BLUE_SPACE "*[\\r\\n]+|" BLUE_LAST_SPACES
/// A word of capitals, then small letters; `tail` may follow it.
#define BLUE_CASED_WORDS(upper, lower, tail) \
  BLUE_LEAD upper "*" lower "+" tail "|" BLUE_LEAD upper "+" lower "*" tail

// Source: Radford et al. 2019 (GPT-2), encoder.py.
#define BLUE_GPT2                                                \
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" BLUE_SPACES \
  "\\p{L}\\p{N}]+"                                               \
  "|" BLUE_LAST_SPACES

constexpr const char* kGpt2[] = {BLUE_GPT2};

// Source: Meta-Llama-3-8B, tokenizer.json.
constexpr const char* kLlama3[] = {BLUE_CONTRACTION "|" BLUE_LEAD
                                                    "\\p{L}+|\\p{N}{1,3}|" BLUE_SYMBOLS
                                                    "[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// Source: Qwen2-7B, tokenizer.json.
constexpr const char* kQwen2[] = {BLUE_CONTRACTION "|" BLUE_LEAD "\\p{L}+|\\p{N}|" BLUE_SYMBOLS
                                                   "[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// Source: Qwen3.5, tokenizer.json: Qwen2's with marks as part of a word.
constexpr const char* kQwen35[] = {BLUE_CONTRACTION
                                   "|" BLUE_LEAD "[\\p{L}\\p{M}]+|\\p{N}| ?[^" BLUE_SPACES
                                   "\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// The letters that have two cases, as Unicode 11 knew them.
// Source: deepseek-llm-7b-base, tokenizer.json, which lists them as characters.
#define BLUE_CASED_LETTERS                                                                         \
  "A-Za-z\\x{b5}\\x{c0}-\\x{d6}\\x{d8}-\\x{f6}\\x{f8}-\\x{1ba}\\x{1bc}-\\x{1bf}\\x{1c4}-\\x{293}"  \
  "\\x{295}-\\x{2af}\\x{370}-\\x{373}\\x{376}\\x{377}\\x{37b}-\\x{37d}\\x{37f}\\x{386}\\x{388}-"   \
  "\\x{38a}"                                                                                       \
  "\\x{38c}\\x{38e}-\\x{3a1}\\x{3a3}-\\x{3f5}\\x{3f7}-\\x{481}\\x{48a}-\\x{52f}\\x{531}-\\x{556}"  \
  "\\x{10a0}-\\x{10c5}\\x{13a0}-\\x{13f5}\\x{13f8}-\\x{13fd}\\x{1c90}-\\x{1cba}\\x{1cbd}-\\x{"     \
  "1cbf}"                                                                                          \
  "\\x{1d00}-\\x{1d2b}\\x{1d6b}-\\x{1d77}\\x{1d79}-\\x{1d9a}\\x{1e00}-\\x{1f15}\\x{1f18}-\\x{"     \
  "1f1d}"                                                                                          \
  "\\x{1f20}-\\x{1f45}\\x{1f48}-\\x{1f4d}\\x{1f50}-\\x{1f57}\\x{1f59}\\x{1f5b}\\x{1f5d}\\x{1f5f}-" \
  "\\x{1f7d}"                                                                                      \
  "\\x{1f80}-\\x{1fb4}\\x{1fb6}-\\x{1fbc}\\x{1fbe}\\x{1fc2}-\\x{1fc4}\\x{1fc6}-\\x{1fcc}\\x{1fd0}" \
  "-\\x{1fd3}"                                                                                     \
  "\\x{1fd6}-\\x{1fdb}\\x{1fe0}-\\x{1fec}\\x{1ff2}-\\x{1ff4}\\x{1ff6}-\\x{1ffc}\\x{2102}\\x{2107}" \
  "\\x{210a}-\\x{2113}\\x{2115}\\x{2119}-\\x{211d}\\x{2124}\\x{2126}\\x{2128}\\x{212a}-\\x{212d}"  \
  "\\x{212f}-\\x{2134}\\x{2139}\\x{213c}-\\x{213f}\\x{2145}-\\x{2149}\\x{214e}\\x{2183}\\x{2184}"  \
  "\\x{2c00}-\\x{2c7b}\\x{2c7e}-\\x{2ce4}\\x{2ceb}-\\x{2cee}\\x{2cf2}\\x{2cf3}\\x{a640}-\\x{a66d}" \
  "\\x{a680}-\\x{a69b}\\x{a722}-\\x{a76f}\\x{a771}-\\x{a787}\\x{a78b}-\\x{a78e}\\x{ab70}-\\x{"     \
  "abbf}"                                                                                          \
  "\\x{fb00}-\\x{fb06}\\x{fb13}-\\x{fb17}\\x{ff21}-\\x{ff3a}\\x{ff41}-\\x{ff5a}\\x{10400}-\\x{"    \
  "1044f}"                                                                                         \
  "\\x{104b0}-\\x{104d3}\\x{104d8}-\\x{104fb}\\x{10c80}-\\x{10cb2}\\x{10cc0}-\\x{10cf2}\\x{118a0}" \
  "-\\x{"                                                                                          \
  "118df}"                                                                                         \
  "\\x{1e900}-\\x{1e943}"

#define BLUE_DEEPSEEK_CJK "[\\x{4e00}-\\x{9fa5}\\x{800}-\\x{4e00}\\x{ac00}-\\x{d7ff}]+"

// The look behind changes no match, but keeps a long run of spaces from being read anew from each
// of its spaces.
constexpr const char* kDeepseekLlm[] = {
    "[\\r\\n]",
    BLUE_SPACE "?[" BLUE_CASED_LETTERS "]+",
    BLUE_SPACE
    "?[!-/:-~\\x{ff01}-\\x{ff0f}\\x{ff1a}-\\x{ff5e}\\x{2018}-\\x{201f}\\x{3000}-\\x{3002}]+",
    "(?<!" BLUE_SPACE ")" BLUE_SPACE "++$",
    BLUE_DEEPSEEK_CJK,
    "\\p{N}"};

// Source: deepseek-coder-6.7b-base, tokenizer.json.
constexpr const char* kDeepseekCoder[] = {"[\\r\\n]", BLUE_SPACE "?\\p{L}+", BLUE_SPACE "?\\p{P}+",
                                          BLUE_DEEPSEEK_CJK, "\\p{N}"};

// Source: DeepSeek-V3, tokenizer.json.
constexpr const char* kDeepseekV3[] = {
    "\\p{N}{1,3}", "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}]+",
    "[!\"#$%&'()*+,\\-./"
    ":;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// Source: Kimi-K2-Base, tokenization_kimi.py.
constexpr const char* kKimiK2[] = {BLUE_HAN "+|" BLUE_CASED_WORDS(
    BLUE_UPPER_NO_HAN, BLUE_LOWER_NO_HAN, BLUE_CONTRACTION "?") "|\\p{N}{1,3}|" BLUE_SYMBOLS
                                                                "[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// Source: tiktoken's o200k_base; gpt-oss-20b, tokenizer.json.
constexpr const char* kGpt4o[] = {BLUE_CASED_WORDS(
    BLUE_UPPER, BLUE_LOWER, BLUE_CONTRACTION "?") "|\\p{N}{1,3}|" BLUE_SYMBOLS
                                                  "[\\r\\n/]*|" BLUE_LINES_AND_SPACES};

// Source: Mistral-Nemo-Base-2407, tokenizer.json.
constexpr const char* kTekken[] = {BLUE_CASED_WORDS(
    BLUE_UPPER, BLUE_LOWER, "") "|\\p{N}|" BLUE_SYMBOLS "[\\r\\n/]*|" BLUE_LINES_AND_SPACES};

// Source: SmolLM-135M, tokenizer.json: single digits, then GPT-2's.
constexpr const char* kSmollm[] = {"\\p{N}", BLUE_GPT2};

constexpr PreTokenizer kTable[] = {
    {.name = "default", .steps = kGpt2},
    {.name = "gpt-2", .steps = kGpt2},
    {.name = "llama-bpe", .steps = kLlama3, .takes_whole_words = true, .adds_bos = true},
    {.name = "qwen2", .steps = kQwen2},
    {.name = "qwen35", .steps = kQwen35},
    {.name = "deepseek-llm", .steps = kDeepseekLlm},
    {.name = "deepseek-coder", .steps = kDeepseekCoder},
    {.name = "deepseek-v3", .steps = kDeepseekV3},
    {.name = "kimi-k2", .steps = kKimiK2},
    {.name = "gpt-4o", .steps = kGpt4o},
    {.name = "tekken", .steps = kTekken, .takes_whole_words = true, .adds_bos = true},
    {.name = "smollm", .steps = kSmollm},
};

struct OtherName {
  std::string_view other;
  std::string_view name;
};
/// Names that converters give to pre-tokenisers of the table.
constexpr OtherName kOtherNames[] = {{"llama3", "llama-bpe"},
                                     {"llama-v3", "llama-bpe"},
                                     {"deepseek-r1-qwen", "qwen2"},
                                     {"llama4", "gpt-4o"}};

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
