// Any bytes come back from every kind of tokenizer. A short slice always; 11 MB for each where
// BLUE_LONG_TESTS is set.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "models/gguf/gguf_file.h"
#include "models/sampling/random.h"
#include "tests/support/models/vocabularies.h"
#include "tests/support/shared_data.h"
#include "text/tokenizer/nfc.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::text {
namespace {

using models::Random;
using models::testing::as_bytes;
using models::testing::GgufWriter;

constexpr std::size_t kSliceBytes = std::size_t{32} << 10;
constexpr std::size_t kLongBytes = std::size_t{3} << 20;

std::size_t n_bytes() {
  return std::getenv("BLUE_LONG_TESTS") != nullptr ? kLongBytes : kSliceBytes;
}

std::unique_ptr<Tokenizer> open(const GgufWriter& writer) {
  const std::string bytes = writer.finish();
  return Tokenizer::from_metadata(
             models::GgufFile::parse(as_bytes(bytes), bytes.size(), "v.gguf").value())
      .value();
}

/// Random bytes; random characters of every length with joiners, marks, surrogates written as if
/// they were characters, and zeros; then long runs.
std::vector<std::string> hard_texts() {
  static const std::string kParts[] = {
      // A family, joined.
      "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
      "\xe4\xbd\xa0\xe5\xa5\xbd\xe3\x80\x82",
      "\xed\xa0\xbd\xed\xb8\x80",  // a pair of surrogates, three bytes each
      "\xed\xa0\x80",
      std::string("\0", 1),
      "e\xcc\x81",
      "\xe2\x96\x81",
      "\xef\xbf\xbd",
      "\xf4\x90\x80\x80",  // beyond U+10FFFF
      "\xc0\x80",          // an overlong zero
      "it's ",
      "    ",
      "\r\n",
      "1234567",
      "<|end|",
      "\xe2\x80\xa8\xc2\xa0\xe3\x80\x80"};
  Random random(11);
  std::string bytes(n_bytes(), '\0');
  for (char& c : bytes) c = static_cast<char>(random.next());
  std::string mixed;
  while (mixed.size() < n_bytes()) mixed += kParts[random.next() % std::size(kParts)];
  std::vector<std::string> texts{std::move(bytes), std::move(mixed)};
  for (const char c : {'a', ' ', '\n', '\0', '\xff'}) texts.emplace_back(n_bytes() / 3, c);
  return texts;
}

void check_round_trip(const Tokenizer& tokenizer, const std::string& text) {
  const Result<std::vector<TokenId>> ids = tokenizer.encode(text, SpecialTokens::as_text);
  REQUIRE(ids);
  // Not CHECK(a == b): a failure would print megabytes.
  const std::string back = tokenizer.decode(*ids);
  std::string storage;
  std::string other_storage;
  const bool is_same =
      back == text || normalized_nfc(back, storage) == normalized_nfc(text, other_storage);
  CHECK(is_same);
}

TEST_CASE("hard texts come back from every kind of small vocabulary") {
  std::vector<std::unique_ptr<Tokenizer>> tokenizers;
  for (const char* pre : {"gpt-2", "llama-bpe", "qwen2", "qwen35", "deepseek-llm", "deepseek-coder",
                          "deepseek-v3", "kimi-k2", "gpt-4o", "tekken", "smollm"}) {
    tokenizers.push_back(open(models::testing::byte_level_vocabulary(pre)));
  }
  for (const bool adds_space : {false, true}) {
    tokenizers.push_back(
        open(models::testing::sentencepiece_vocabulary({"\xe2\x96\x81", "a", "aa", "it"})
                 .flag("tokenizer.ggml.add_space_prefix", adds_space)));
    tokenizers.push_back(
        open(models::testing::unigram_vocabulary({{"\xe2\x96\x81", -1}, {"a", -2}, {"aa", -3}},
                                                 models::testing::ByteTokens::all)
                 .flag("tokenizer.ggml.add_space_prefix", adds_space)));
  }
  const std::vector<std::string> texts = hard_texts();
  for (const auto& tokenizer : tokenizers) {
    for (const std::string& text : texts) check_round_trip(*tokenizer, text);
  }
}

/// What `gzip -dc` makes of the file; empty where there is no gzip.
std::string unpacked(const std::string& path) {
  std::string out;
  FILE* pipe = ::popen(("gzip -dc '" + path + "' 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> buffer{};
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    out.append(buffer.data(), n);
  ::pclose(pipe);
  return out;
}

TEST_CASE("HumanEval, MBPP and hard texts come back from real vocabularies") {
  BLUE_NEED_SHARED_DATA(data);
  std::vector<std::string> texts = hard_texts();
  texts.push_back(test::read_text(data / "eval" / "mbpp.jsonl"));
  texts.push_back(unpacked(data / "eval" / "HumanEval.jsonl.gz"));
  if (texts.back().empty()) WARN("skipped: HumanEval cannot be unpacked (no gzip)");
  for (const char* name : {"gpt-2", "qwen2", "phi-3"}) {
    INFO(name);
    const Result<models::GgufFile> file =
        models::GgufFile::open(data / "vocab" / ("ggml-vocab-" + std::string(name) + ".gguf"));
    REQUIRE(file);
    const auto tokenizer = Tokenizer::from_metadata(*file);
    REQUIRE(tokenizer);
    for (const std::string& text : texts) check_round_trip(**tokenizer, text);
  }
}

}  // namespace
}  // namespace blue::text
