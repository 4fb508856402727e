// Fuzzes the tokenizers: small fixed vocabularies of every kind and pre-tokeniser, any bytes in,
// and the same bytes out again. The first byte chooses the vocabulary and whether specials are
// parsed; the rest is the text.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "models/gguf/gguf_file.h"
#include "tests/support/models/charsmap.h"
#include "tests/support/models/vocabularies.h"
#include "text/tokenizer/nfc.h"
#include "text/tokenizer/stream_decoder.h"
#include "text/tokenizer/tokenizer.h"

namespace {

using namespace blue;
using namespace blue::models;
using namespace blue::text;

std::unique_ptr<Tokenizer> open(const models::testing::GgufWriter& writer) {
  const std::string bytes = writer.finish();
  return Tokenizer::from_metadata(
             models::GgufFile::parse(models::testing::as_bytes(bytes), bytes.size(), "v.gguf")
                 .value())
      .value();
}

const std::string kMark = "\xe2\x96\x81";

std::vector<std::unique_ptr<Tokenizer>> open_all() {
  std::vector<std::unique_ptr<Tokenizer>> all;
  for (const char* pre : {"gpt-2", "qwen2"})
    all.push_back(open(models::testing::byte_level_vocabulary(pre)));
  all.push_back(open(models::testing::sentencepiece_vocabulary(
      {kMark, "a", "b", "ab", kMark + "a", "aa", "aaaa", "\xc3\xa9"})));
  for (const char* pre :
       {"llama-bpe", "qwen35", "deepseek-llm", "deepseek-coder", "deepseek-v3", "kimi-k2", "gpt-4o",
        "tekken", "smollm", "tiny_aya", "superbpe", "exaone-moe"}) {
    all.push_back(open(models::testing::byte_level_vocabulary(pre)));
  }
  const std::vector<models::testing::ScoredPiece> pieces{
      {kMark, -2}, {"a", -3}, {"ab", -4}, {"ba", -1}, {kMark + "a", -2.5F}, {"\xc3\xa9", -6}};
  all.push_back(open(models::testing::unigram_vocabulary(pieces, models::testing::ByteTokens::all)
                         .flag("tokenizer.ggml.add_space_prefix", true)));
  const std::string map =
      models::testing::charsmap({{"\xef\xac\x81", "fi"}, {"\t", " "}, {"\n\n", ""}});
  all.push_back(open(models::testing::unigram_vocabulary(pieces)
                         .flag("tokenizer.ggml.remove_extra_whitespaces", true)
                         .array("tokenizer.ggml.precompiled_charsmap", models::GgufType::u8,
                                std::vector<char>(map.begin(), map.end()))));
  return all;
}

const std::vector<std::unique_ptr<Tokenizer>>& tokenizers() {
  static const std::vector<std::unique_ptr<Tokenizer>> all = open_all();
  return all;
}

void check_stream(const Tokenizer& tokenizer, const std::vector<TokenId>& ids,
                  std::string_view decoded) {
  StreamDecoder decoder(tokenizer, StreamDecoder::TextStart::beginning);
  std::string streamed;
  for (const TokenId token : ids) streamed += decoder.feed(token);
  streamed += decoder.flush();
  BLUE_CHECK(streamed == decoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Tokenizer& tokenizer = *tokenizers()[(data[0] & 0x7fU) % tokenizers().size()];
  const bool parses = (data[0] & 0x80) != 0;
  const auto ids = tokenizer.encode(text, parses ? SpecialTokens::parse : SpecialTokens::as_text);
  BLUE_CHECK(ids.ok());
  const std::string decoded = tokenizer.decode(*ids);
  check_stream(tokenizer, *ids, decoded);
  // Control tokens are not text, and the last vocabulary lacks byte tokens; all else comes back, in
  // NFC where the model's tokenizer normalizes.
  if (parses || !tokenizer.vocabulary().has_every_byte() || decoded == text) return 0;
  std::string storage;
  std::string other_storage;
  BLUE_CHECK(normalized_nfc(decoded, storage) == normalized_nfc(text, other_storage));
  return 0;
}
