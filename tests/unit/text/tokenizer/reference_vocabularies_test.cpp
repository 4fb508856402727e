#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "models/gguf/gguf_file.h"
#include "tests/support/shared_data.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::text {
namespace {

constexpr std::size_t kReferenceTexts = 46;

std::vector<std::string> split_texts(const std::string& all) {
  const std::string separator = "\n__ggml_vocab_test__\n";
  std::vector<std::string> texts;
  std::size_t at = 0;
  for (std::size_t end = all.find(separator); end != std::string::npos;
       end = all.find(separator, at)) {
    texts.push_back(all.substr(at, end - at));
    at = end + separator.size();
  }
  return texts;
}

std::vector<std::vector<TokenId>> read_ids(const std::string& path) {
  std::vector<std::vector<TokenId>> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::istringstream numbers(line);
    lines.emplace_back(std::istream_iterator<TokenId>(numbers), std::istream_iterator<TokenId>());
  }
  return lines;
}

void check_reference(const std::string& name) {
  BLUE_NEED_SHARED_DATA(data);
  const std::string path = data / "vocab" / ("ggml-vocab-" + name + ".gguf");
  const Result<models::GgufFile> file = models::GgufFile::open(path);
  REQUIRE(file);
  const auto tokenizer = Tokenizer::from_metadata(*file);
  REQUIRE(tokenizer);
  const std::vector<std::string> texts = split_texts(test::read_text(path + ".inp"));
  const std::vector<std::vector<TokenId>> wanted = read_ids(path + ".out");
  REQUIRE(texts.size() == kReferenceTexts);
  REQUIRE(wanted.size() == kReferenceTexts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    INFO("text " << i << ": [" << texts[i] << "]");
    const Result<std::vector<TokenId>> ids = (*tokenizer)->encode(texts[i], SpecialTokens::as_text);
    REQUIRE(ids);
    CHECK(*ids == wanted[i]);
    CHECK((*tokenizer)->decode(*ids) == texts[i]);
  }
}

TEST_CASE("GPT-2's vocabulary gives the reference ids and the text back") {
  check_reference("gpt-2");
}
TEST_CASE("Qwen2's vocabulary gives the reference ids and the text back") {
  check_reference("qwen2");
}
TEST_CASE("DeepSeek LLM's vocabulary gives the reference ids and the text back") {
  check_reference("deepseek-llm");
}
TEST_CASE("Phi-3's vocabulary gives the reference ids and the text back") {
  check_reference("phi-3");
}

}  // namespace
}  // namespace blue::text
