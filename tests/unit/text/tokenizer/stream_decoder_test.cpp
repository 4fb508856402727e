#include "text/tokenizer/stream_decoder.h"
#include "models/gguf/gguf_file.h"

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/support/models/vocabularies.h"

namespace blue::text {
namespace {

using models::testing::as_bytes;

std::unique_ptr<Tokenizer> open(const models::testing::GgufWriter& writer) {
  const std::string bytes = writer.finish();
  return Tokenizer::from_metadata(
             models::GgufFile::parse(as_bytes(bytes), bytes.size(), "v.gguf").value())
      .value();
}

TEST_CASE("only whole characters leave, and what waits comes with its rest") {
  const auto tokenizer = open(models::testing::byte_level_vocabulary("gpt-2"));
  StreamDecoder decoder(*tokenizer, StreamDecoder::TextStart::beginning);
  CHECK(decoder.feed('a') == "a");
  CHECK(decoder.feed(0xf0).empty());
  CHECK(decoder.feed(0x9f).empty());
  CHECK(decoder.feed(0xa6).empty());
  CHECK(decoder.feed(0x99) == "\xf0\x9f\xa6\x99");
  CHECK(decoder.feed('b') == "b");
  CHECK(decoder.flush().empty());
}

TEST_CASE("bytes that are no character leave at once, an unfinished one at the flush") {
  const auto tokenizer = open(models::testing::byte_level_vocabulary("gpt-2"));
  StreamDecoder decoder(*tokenizer, StreamDecoder::TextStart::beginning);
  CHECK(decoder.feed(0xff) == "\xff");
  CHECK(decoder.feed(0x80) == "\x80");
  CHECK(decoder.feed(0xe2).empty());
  CHECK(decoder.feed('x') == "\xe2x");
  CHECK(decoder.feed(0xc3).empty());
  CHECK(decoder.flush() == "\xc3");
  CHECK(decoder.flush().empty());
  CHECK(decoder.feed('y') == "y");
}

TEST_CASE("control tokens and ids outside show nothing and break no character") {
  const auto tokenizer = open(models::testing::byte_level_vocabulary("gpt-2"));
  StreamDecoder decoder(*tokenizer, StreamDecoder::TextStart::beginning);
  CHECK(decoder.feed(0xc3).empty());
  CHECK(decoder.feed(models::testing::kEndToken).empty());
  CHECK(decoder.feed(-5).empty());
  CHECK(decoder.feed(0xa9) == "\xc3\xa9");
}

TEST_CASE("SentencePiece's space in front goes at a beginning and stays in a continuation") {
  const auto tokenizer =
      open(models::testing::sentencepiece_vocabulary({"\xe2\x96\x81"
                                                      "a"}));
  StreamDecoder beginning(*tokenizer, StreamDecoder::TextStart::beginning);
  CHECK(beginning.feed(1).empty());
  CHECK(beginning.feed(models::testing::kFirstPiece) == "a");
  CHECK(beginning.feed(models::testing::kFirstPiece) == " a");
  StreamDecoder continuation(*tokenizer, StreamDecoder::TextStart::continuation);
  CHECK(continuation.feed(models::testing::kFirstPiece) == " a");
}

}  // namespace
}  // namespace blue::text
