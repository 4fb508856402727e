#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "models/gguf/gguf_file.h"
#include "models/sampling/random.h"
#include "tests/support/models/vocabularies.h"
#include "tests/support/shared_data.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::text {
namespace {

using models::Random;
using models::testing::as_bytes;
using models::testing::GgufWriter;
using models::testing::kFirstPiece;
using Ids = std::vector<TokenId>;

constexpr TokenId byte_id(unsigned byte) { return static_cast<TokenId>(3 + byte); }

std::unique_ptr<Tokenizer> open(const GgufWriter& writer) {
  const std::string bytes = writer.finish();
  const models::GgufFile file =
      models::GgufFile::parse(as_bytes(bytes), bytes.size(), "v.gguf").value();
  return Tokenizer::from_metadata(file).value();
}

// ▁ 259, a 260, b 261, ab 262, ▁a 263, ▁ab 264: scores fall in this order, so ab merges before ▁a.
GgufWriter small() {
  return models::testing::sentencepiece_vocabulary({"\xe2\x96\x81", "a", "b", "ab",
                                                    "\xe2\x96\x81"
                                                    "a",
                                                    "\xe2\x96\x81"
                                                    "ab"});
}

Ids encode(const Tokenizer& tokenizer, std::string_view text,
           SpecialTokens special = SpecialTokens::as_text) {
  return tokenizer.encode(text, special).value();
}

TEST_CASE("the best score merges first, whatever the order of letters") {
  const auto tokenizer = open(small());
  CHECK(encode(*tokenizer, "") == Ids{});
  CHECK(encode(*tokenizer, "ab") == Ids{kFirstPiece + 5});
  CHECK(encode(*tokenizer, "a") == Ids{kFirstPiece + 4});
  CHECK(encode(*tokenizer, "ba") == Ids{kFirstPiece, kFirstPiece + 2, kFirstPiece + 1});
}

TEST_CASE("what is no token falls apart into bytes and comes back") {
  const auto tokenizer = open(small());
  CHECK(encode(*tokenizer, "\xc3\xa9") == Ids{kFirstPiece, byte_id(0xc3), byte_id(0xa9)});
  CHECK(encode(*tokenizer, "\xff\xc3") == Ids{kFirstPiece, byte_id(0xff), byte_id(0xc3)});
  Random random(4);
  for (int round = 0; round < 300; ++round) {
    std::string text(random.next() % 30, '\0');
    for (char& c : text)
      c = random.next() % 2 == 0 ? static_cast<char>("ab \xc3\xa9"[random.next() % 5])
                                 : static_cast<char>(random.next());
    CHECK(tokenizer->decode(encode(*tokenizer, text)) == text);
  }
}

TEST_CASE("the space in front is put there, taken off again, and left out where the file says so") {
  const auto tokenizer = open(small());
  CHECK(tokenizer->adds_space_prefix());
  CHECK(tokenizer->decode(encode(*tokenizer, " ab")) == " ab");
  CHECK(tokenizer->decode(Ids{1, kFirstPiece + 5}) == "ab");
  const auto bare = open(small().flag("tokenizer.ggml.add_space_prefix", false));
  CHECK(encode(*bare, "ab") == Ids{kFirstPiece + 3});
  CHECK(bare->decode(Ids{kFirstPiece + 5}) == " ab");
}

TEST_CASE("U+2581 in a text is no space and comes back") {
  const auto tokenizer = open(small());
  CHECK(encode(*tokenizer, "\xe2\x96\x81") ==
        Ids{kFirstPiece, byte_id(0xe2), byte_id(0x96), byte_id(0x81)});
  const std::string text = "a\xe2\x96\x81 b\xe2\x96";
  CHECK(tokenizer->decode(encode(*tokenizer, text)) == text);
}

TEST_CASE("text around user-defined tokens comes back without the spaces that were put in front") {
  GgufWriter writer;
  writer.text("tokenizer.ggml.model", "llama")
      .texts("tokenizer.ggml.tokens", {"<unk>", "</s>", "<think>", "\xe2\x96\x81", "a", "  "})
      .array("tokenizer.ggml.token_type", models::GgufType::i32,
             std::vector<std::int32_t>{2, 3, 4, 1, 1, 4})
      .array("tokenizer.ggml.scores", models::GgufType::f32,
             std::vector<float>{0, 0, 0, -1, -2, 0});
  const auto tokenizer = open(writer);
  CHECK(encode(*tokenizer, "a<think>a") == Ids{3, 4, 2, 3, 4});
  CHECK(encode(*tokenizer, "  a") == Ids{5, 3, 4});
  for (const std::string text :
       {"a<think>a", "<think> a", "<think><think>a ", "  a", "a   a", "<think>"}) {
    CHECK(tokenizer->decode(encode(*tokenizer, text)) == text);
  }
}

TEST_CASE(
    "plain text never merges into a token that ends a text, whatever kind the file gives it") {
  GgufWriter writer;
  writer.text("tokenizer.ggml.model", "llama")
      .texts("tokenizer.ggml.tokens", {"<unk>", "</s>", "</", "s>", "<", "/", "s", ">"})
      .array("tokenizer.ggml.token_type", models::GgufType::i32,
             std::vector<std::int32_t>{2, 4, 1, 1, 1, 1, 1, 1})
      .array("tokenizer.ggml.scores", models::GgufType::f32,
             std::vector<float>{0, -1, -2, -3, -4, -5, -6, -7})
      .flag("tokenizer.ggml.add_space_prefix", false);
  const auto tokenizer = open(writer);
  CHECK(encode(*tokenizer, "</s>") == Ids{2, 3});
  CHECK(encode(*tokenizer, "</s>", SpecialTokens::parse) == Ids{1});
}

TEST_CASE("words apart merge as the whole text does") {
  // One piece with a space inside: the text is then never cut.
  const std::vector<std::string> pieces{"\xe2\x96\x81",
                                        "a",
                                        "b",
                                        "ab",
                                        "\xe2\x96\x81"
                                        "a",
                                        "\xe2\x96\x81\xe2\x96\x81",
                                        "ba"};
  std::vector<std::string> crossing = pieces;
  crossing.push_back("q\xe2\x96\x81q");
  const auto words = open(models::testing::sentencepiece_vocabulary(pieces));
  const auto whole = open(models::testing::sentencepiece_vocabulary(crossing));
  Random random(9);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (std::uint64_t n = random.next() % 40; n > 0; --n) text += "ab  x"[random.next() % 5];
    CHECK(encode(*words, text) == encode(*whole, text));
  }
}

TEST_CASE("specials of a SentencePiece vocabulary are text unless parsed") {
  const auto tokenizer = open(small());
  CHECK(encode(*tokenizer, "<s>ab</s>", SpecialTokens::parse) == Ids{1, kFirstPiece + 5, 2});
  const Ids as_text = encode(*tokenizer, "</s>");
  CHECK(as_text.size() == 5);
  CHECK(tokenizer->decode(as_text) == "</s>");
  CHECK(tokenizer->bos() == 1);
  CHECK(tokenizer->adds_bos());
  CHECK(tokenizer->is_end(2));
}

TEST_CASE("a megabyte of one letter merges in no quadratic time") {
  const auto tokenizer =
      open(models::testing::sentencepiece_vocabulary({"a", "aa", "aaaa", "aaaaaaaa"}));
  const std::string text(1U << 20, 'a');
  const Ids ids = encode(*tokenizer, text);
  CHECK(ids.size() == 1 + (1U << 17));
  CHECK(tokenizer->decode(ids) == text);
}

TEST_CASE("the vocabulary of stories260K takes its own story apart and puts it together") {
  BLUE_NEED_SHARED_DATA(data);
  const models::GgufFile file =
      models::GgufFile::open(data / "models" / "stories260K.gguf").value();
  const auto tokenizer = Tokenizer::from_metadata(file).value();
  std::string story = test::read_text(data / "models" / "stories260K.greedy.txt");
  const Ids ids = encode(*tokenizer, story);
  CHECK(ids.size() < story.size() / 2);
  CHECK(tokenizer->decode(ids) == story);
}

}  // namespace
}  // namespace blue::text
