// The regular expressions of the pre-tokenizers, as PCRE2 reads them. The models' own are written
// for other engines; what differs in PCRE2 is spelled out below. Every expression takes linear
// time: where a model's own would scan the same run from each of its positions, a look-behind or
// \G lets one position scan it. Included by pre_tokenizers.cpp alone. Constants.
#pragma once

namespace blue::text {

// - \s: Unicode's White_Space, which PCRE2's own \s exceeds by U+180E.
#define BLUE_SPACES                                                                                \
  "\\x09-\\x0d\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}" \
  "\\x{3000}"
#define BLUE_SPACE "[" BLUE_SPACES "]"
#define BLUE_NO_SPACE "[^" BLUE_SPACES "]"
// - \p{Han}: the script alone; PCRE2's own includes what other scripts share with it.
#define BLUE_HAN "\\p{sc:Han}"
// - [A&&[^B]] is [^(not A)B]: names all general categories but those of A.
#define BLUE_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define BLUE_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define BLUE_UPPER_NO_HAN "[^" BLUE_HAN "\\p{Ll}\\p{N}\\p{P}\\p{S}\\p{Z}\\p{C}]"
#define BLUE_LOWER_NO_HAN "[^" BLUE_HAN "\\p{Lu}\\p{Lt}\\p{N}\\p{P}\\p{S}\\p{Z}\\p{C}]"

#define BLUE_CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define BLUE_LEAD "[^\\r\\n\\p{L}\\p{N}]?"
#define BLUE_SYMBOLS " ?[^" BLUE_SPACES "\\p{L}\\p{N}]+"
#define BLUE_LAST_SPACES BLUE_SPACE "+(?!" BLUE_NO_SPACE ")|" BLUE_SPACE "+"
#define BLUE_LINES_AND_SPACES BLUE_SPACE "*[\\r\\n]+|" BLUE_LAST_SPACES
/// A word of capitals, then small letters, then `tail`.
#define BLUE_CASED_WORDS(upper, lower, tail) \
  BLUE_LEAD upper "*" lower "+" tail "|" BLUE_LEAD upper "+" lower "*" tail

// Source: Radford et al. 2019 (GPT-2), encoder.py.
#define BLUE_GPT2                                                \
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" BLUE_SPACES \
  "\\p{L}\\p{N}]+"                                               \
  "|" BLUE_LAST_SPACES

inline constexpr const char* kGpt2[] = {BLUE_GPT2};

// Source: Meta-Llama-3-8B, tokenizer.json.
inline constexpr const char* kLlama3[] = {BLUE_CONTRACTION "|" BLUE_LEAD
                                                           "\\p{L}+|\\p{N}{1,3}|" BLUE_SYMBOLS
                                                           "[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// Source: Qwen2-7B, tokenizer.json.
inline constexpr const char* kQwen2[] = {BLUE_CONTRACTION "|" BLUE_LEAD
                                                          "\\p{L}+|\\p{N}|" BLUE_SYMBOLS
                                                          "[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// Source: Qwen3.5, tokenizer.json: Qwen2's with marks as part of a word.
inline constexpr const char* kQwen35[] = {BLUE_CONTRACTION
                                          "|" BLUE_LEAD "[\\p{L}\\p{M}]+|\\p{N}| ?[^" BLUE_SPACES
                                          "\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// The letters that have two cases in Unicode 11.
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
inline constexpr const char* kDeepseekLlm[] = {
    "[\\r\\n]",
    BLUE_SPACE "?[" BLUE_CASED_LETTERS "]+",
    BLUE_SPACE
    "?[!-/:-~\\x{ff01}-\\x{ff0f}\\x{ff1a}-\\x{ff5e}\\x{2018}-\\x{201f}\\x{3000}-\\x{3002}]+",
    "(?<!" BLUE_SPACE ")" BLUE_SPACE "++$",
    BLUE_DEEPSEEK_CJK,
    "\\p{N}"};

// Source: deepseek-coder-6.7b-base, tokenizer.json.
inline constexpr const char* kDeepseekCoder[] = {
    "[\\r\\n]", BLUE_SPACE "?\\p{L}+", BLUE_SPACE "?\\p{P}+", BLUE_DEEPSEEK_CJK, "\\p{N}"};

#define BLUE_HAN_AND_KANA "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}]+"
#define BLUE_ASCII_MARK "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]"
#define BLUE_DEEPSEEK_WORDS                               \
  BLUE_ASCII_MARK                                         \
  "[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+" \
  "| ?[\\p{P}\\p{S}]+[\\r\\n]*|" BLUE_LINES_AND_SPACES

// Source: DeepSeek-V3, tokenizer.json.
inline constexpr const char* kDeepseekV3[] = {"\\p{N}{1,3}", BLUE_HAN_AND_KANA,
                                              BLUE_DEEPSEEK_WORDS};

/// Groups of three from the right of a run of `digit` that ends with `end`; the first may be
/// shorter. A group behind another one follows it without a look ahead.
#define BLUE_THREES_FROM_RIGHT(digit, end) \
  "\\G(?<=" digit ")" digit "{3}|(?<!" digit ")" digit "{1,3}(?=(?:" digit "{3})*+" end ")"

// Source: Kimi-K2-Base, tokenization_kimi.py.
inline constexpr const char* kKimiK2[] = {BLUE_HAN "+|" BLUE_CASED_WORDS(
    BLUE_UPPER_NO_HAN, BLUE_LOWER_NO_HAN, BLUE_CONTRACTION "?") "|\\p{N}{1,3}|" BLUE_SYMBOLS
                                                                "[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// Source: tiktoken's o200k_base; gpt-oss-20b, tokenizer.json.
inline constexpr const char* kGpt4o[] = {BLUE_CASED_WORDS(
    BLUE_UPPER, BLUE_LOWER, BLUE_CONTRACTION "?") "|\\p{N}{1,3}|" BLUE_SYMBOLS
                                                  "[\\r\\n/]*|" BLUE_LINES_AND_SPACES};

// Source: Mistral-Nemo-Base-2407, tokenizer.json.
inline constexpr const char* kTekken[] = {BLUE_CASED_WORDS(
    BLUE_UPPER, BLUE_LOWER, "") "|\\p{N}|" BLUE_SYMBOLS "[\\r\\n/]*|" BLUE_LINES_AND_SPACES};

// Source: SmolLM-135M, tokenizer.json: single digits, then GPT-2's.
inline constexpr const char* kSmollm[] = {"\\p{N}", BLUE_GPT2};

// Source: Meta-Llama-3-8B with runs of spaces cut from long to short (inceptionai/jais-2,
// tokenizer.json). Behind a space that ends no line no line end follows in the same run.
#define BLUE_SPACES_OF(n) BLUE_SPACE "{" n "}(?!" BLUE_NO_SPACE ")|"
inline constexpr const char* kJais2[] = {
    BLUE_CONTRACTION
    "|" BLUE_LEAD "\\p{L}+|\\p{N}{1,3}|" BLUE_SYMBOLS "[\\r\\n]*|(?<!(?![\\r\\n])" BLUE_SPACE
    ")" BLUE_SPACE "*[\\r\\n]+|" BLUE_SPACES_OF("512") BLUE_SPACES_OF("256") BLUE_SPACES_OF("128")
        BLUE_SPACES_OF("64") BLUE_SPACES_OF("32") BLUE_SPACES_OF("16") BLUE_SPACES_OF("8")
            BLUE_SPACES_OF("4") BLUE_SPACES_OF("1,2") BLUE_SPACE};

// Source: openbmb/MiniCPM5-1B, tokenizer.json.
inline constexpr const char* kMinicpm5[] = {"\\p{N}{1,3}", BLUE_CONTRACTION
                                            "|" BLUE_LEAD "\\p{L}+|\\p{N}+|" BLUE_SYMBOLS
                                            "[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// Source: ByteDance-Seed/Seed-Coder-8B, tokenizer.json.
inline constexpr const char* kSeedCoder[] = {BLUE_CONTRACTION
                                             "|" BLUE_LEAD "\\p{L}+|\\p{N}| ?[^" BLUE_SPACES
                                             "\\p{L}\\p{N}]+|" BLUE_LINES_AND_SPACES};

// Source: inclusionAI/Ling-lite, tokenizer.json: each line end is a word's last.
inline constexpr const char* kBailingMoe[] = {"'(?i:[sdmt]|ll|ve|re)|" BLUE_LEAD
                                              "\\p{L}+|\\p{N}|" BLUE_SYMBOLS "[\\r\\n]*|" BLUE_SPACE
                                              "*[\\r\\n]|" BLUE_LAST_SPACES};

// Source: LGAI-EXAONE/K-EXAONE, tokenizer.json: single letters between spaces stay
// together.
#define BLUE_LETTER "\\p{L}\\p{M}*+"
inline constexpr const char* kExaoneMoe[] = {BLUE_CONTRACTION
                                             "|" BLUE_LEAD "(?:" BLUE_LETTER "(?: " BLUE_LETTER
                                             ")*+)++|\\p{N}|" BLUE_SYMBOLS "[\\r\\n/]?|" BLUE_SPACE
                                             "*[\\r\\n]|" BLUE_LAST_SPACES};

// Source: llama.cpp, ufakzeka: Qwen2's without contractions.
inline constexpr const char* kUfakzeka[] = {BLUE_LEAD "\\p{L}+|\\p{N}|" BLUE_SYMBOLS
                                                      "[\\r\\n]*|" BLUE_LINES_AND_SPACES};

// Source: poolside/Laguna, tokenizer.json: lines apart, then Qwen2's.
inline constexpr const char* kLaguna[] = {"[^\\n]+|\\n+", kQwen2[0]};

// Source: iFlytek Spark 2.5, tokenizer.json.
inline constexpr const char* kSpark25[] = {
    "\\p{N}{1,3}", BLUE_HAN_AND_KANA,
    BLUE_ASCII_MARK
    "[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+|[\\r\\n]"
    "|" BLUE_LAST_SPACES,
    "\\p{N}"};

// Source: arcee-ai/Trinity, tokenizer.json: numbers in threes from the right, East Asian scripts,
// then DeepSeek-V3's words.
inline constexpr const char* kAfmoe[] = {
    BLUE_THREES_FROM_RIGHT("\\p{N}", "(?!\\p{N})"),
    "[\\x{4e00}-\\x{9fff}\\x{3400}-\\x{4dbf}\\x{f900}-\\x{faff}\\x{3040}-\\x{30ff}\\x{ff65}-\\x{"
    "ff9f}"
    "\\x{2f00}-\\x{2fdf}\\x{e40}-\\x{eff}\\x{1780}-\\x{17ff}\\x{1000}-\\x{109f}\\x{aa60}-\\x{aa7f}"
    "\\x{a9e0}-\\x{a9ff}\\x{ac00}-\\x{d7af}\\x{1100}-\\x{11ff}]+",
    BLUE_DEEPSEEK_WORDS};

// Source: CohereLabs/tiny-aya, tokenizer.json.
inline constexpr const char* kTinyAya[] = {
    BLUE_THREES_FROM_RIGHT("\\d", "\\b"),
    BLUE_CASED_WORDS(BLUE_UPPER, BLUE_LOWER,
                     BLUE_CONTRACTION "?") "|\\p{N}{1,3}|" BLUE_SYMBOLS
                                           "[\\r\\n/]*|" BLUE_LINES_AND_SPACES};

// Source: UW/OLMo2-8B-SuperBPE, tokenizer.json: words may hold spaces; digits in threes from the
// right, the rest stays with the text before it.
inline constexpr const char* kSuperbpe[] = {"\\p{N}+",
                                            "\\G(?<=\\d)\\d{3}|\\d{3}(?=(?:\\d{3})*+(?!\\d))"};

// Source: tencent/Youtu-LLM-2B, tokenizer.json.
inline constexpr const char* kYoutu[] = {
    "[\\x{ac00}-\\x{d7a3}\\x{3131}-\\x{318e}]+|[\\x{ff01}\\x{2026}\\x{201c}\\x{201d}\\x{2018}\\x{"
    "2019}"
    "\\x{2014}\\x{ff1a}\\x{ff1b}\\x{ff0c}\\x{3001}-\\x{303f}\\x{fe30}-\\x{fe4f}]+|"
    "[\\x{3105}-\\x{312f}]+|" BLUE_HAN_AND_KANA,
    BLUE_CASED_WORDS(BLUE_UPPER, BLUE_LOWER,
                     BLUE_CONTRACTION "?") "|\\p{N}|" BLUE_SYMBOLS
                                           "[\\r\\n/]*|" BLUE_LINES_AND_SPACES};

// Source: bigscience/bloom, tokenizer.json. In its class the bracket and the bar are characters.
#define BLUE_BLOOM_WORD \
  " ?[^(" BLUE_SPACES "|.,!?\\x{2026}\\x{3002}\\x{ff0c}\\x{3001}\\x{964}\\x{6d4}\\x{60c})]+"
inline constexpr const char* kBloom[] = {BLUE_BLOOM_WORD};
// Source: LumiOpen/Viking-7B, tokenizer.json.
inline constexpr const char* kViking[] = {BLUE_BLOOM_WORD, "\\p{N}"};

// Source: tiiuae/falcon-7b, tokenizer.json.
inline constexpr const char* kFalcon[] = {"[\\p{P}$+<=>^~|`]+", BLUE_GPT2, "[0-9][0-9][0-9]"};

// Source: llama.cpp: what it does with files that name no pre-tokenizer.
inline constexpr const char* kDefault[] = {"[\\p{P}$+<=>^~|]+", BLUE_GPT2, "\\p{N}+",
                                           "[0-9][0-9][0-9]"};

// Source: facebook/chameleon-7b, tokenizer.json.
inline constexpr const char* kChameleon[] = {"<sentinel:[0-9]+>",      "IMGIMG[A-I]{1,4}Z",
                                             "[\\t\\n]|    |  ",       "\\p{N}",
                                             "[\\p{P}!-/:-@\\[-`{-~]", BLUE_GPT2};

}  // namespace blue::text
