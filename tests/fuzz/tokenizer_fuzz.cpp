// Fuzzes the tokenizers: small fixed vocabularies of both kinds, any bytes in, and the same bytes out again. The first byte
// chooses the vocabulary and whether specials are parsed; the rest is the text.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "models/tokenizer/stream_decoder.h"
#include "models/tokenizer/tokenizer.h"
#include "tests/support/models_vocabularies.h"

namespace {

using namespace blue;
using namespace blue::models;

std::unique_ptr<Tokenizer> open(const testing::GgufWriter& writer) {
  const std::string bytes = writer.finish();
  return Tokenizer::from_gguf(GgufFile::parse(testing::as_bytes(bytes), bytes.size(), "v.gguf").value())
      .value();
}

const std::array<std::unique_ptr<Tokenizer>, 3>& tokenizers() {
  static const std::array<std::unique_ptr<Tokenizer>, 3> all{
      open(testing::byte_level_vocabulary("gpt-2")), open(testing::byte_level_vocabulary("qwen2")),
      open(testing::sentencepiece_vocabulary({"\xe2\x96\x81", "a", "b", "ab",
                                              "\xe2\x96\x81"
                                              "a",
                                              "aa", "aaaa", "\xc3\xa9"}))};
  return all;
}

void check_stream(const Tokenizer& tokenizer, const std::vector<TokenId>& ids, std::string_view decoded) {
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
  const Tokenizer& tokenizer = *tokenizers()[data[0] % 3];
  const bool parses = (data[0] & 0x80) != 0;
  const auto ids = tokenizer.encode(text, parses ? SpecialTokens::parse : SpecialTokens::as_text);
  BLUE_CHECK(ids.ok());
  const std::string decoded = tokenizer.decode(*ids);
  check_stream(tokenizer, *ids, decoded);
  // Control tokens are not text, and SentencePiece does not tell U+2581 from a space; all else comes back.
  const bool is_lossless =
      !parses && (!tokenizer.adds_space_prefix() || text.find("\xe2\x96\x81") == std::string_view::npos);
  if (is_lossless) BLUE_CHECK(decoded == text);
  return 0;
}
