#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <string>
#include <vector>

#include "models/gguf/gguf_file.h"
#include "models/sampling/random.h"
#include "tests/support/models/charsmap.h"
#include "tests/support/models/vocabularies.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::text {
namespace {

using models::Random;
using models::testing::as_bytes;
using models::testing::GgufWriter;
using models::testing::ScoredPiece;
using Ids = std::vector<TokenId>;

Result<std::unique_ptr<Tokenizer>> open(const GgufWriter& writer) {
  const std::string bytes = writer.finish();
  BLUE_TRY_ASSIGN(const models::GgufFile file,
                  models::GgufFile::parse(as_bytes(bytes), bytes.size(), "v.gguf"));
  return Tokenizer::from_metadata(file);
}

Ids encode(const Tokenizer& tokenizer, std::string_view text,
           SpecialTokens special = SpecialTokens::as_text) {
  return tokenizer.encode(text, special).value();
}

constexpr TokenId kUnknown = 2;
constexpr TokenId kMark = 3;  // ▁
constexpr TokenId kA = 4;
constexpr TokenId kB = 5;
constexpr TokenId kAb = 6;
constexpr TokenId kMarkA = 7;
constexpr TokenId kBa = 8;
constexpr TokenId kFi = 9;

// <pad> 0, </s> 1, <unk> 2, then these.
const std::vector<ScoredPiece> kPieces{{"\xe2\x96\x81", -2},
                                       {"a", -3},
                                       {"b", -3.5F},
                                       {"ab", -4},
                                       {"\xe2\x96\x81"
                                        "a",
                                        -2.5F},
                                       {"ba", -1},
                                       {"fi", -5}};

TEST_CASE("the best sum of scores wins, not the first or the longest piece") {
  const auto tokenizer = open(models::testing::unigram_vocabulary(kPieces)).value();
  CHECK(encode(*tokenizer, "").empty());
  CHECK(encode(*tokenizer, "ab") == Ids{kAb});            // -4 against a + b = -6.5
  CHECK(encode(*tokenizer, "aba") == Ids{kA, kBa});       // -4 against ab + a = -7
  CHECK(encode(*tokenizer, "abab") == Ids{kA, kBa, kB});  // -7.5 against ab + ab = -8
  CHECK(encode(*tokenizer, " a") == Ids{kMarkA});
  CHECK(encode(*tokenizer, "a a  b") == Ids{kA, kMarkA, kMark, kMark, kB});
}

TEST_CASE("the space in front is put there and taken off as the file says") {
  const auto tokenizer = open(models::testing::unigram_vocabulary(kPieces).flag(
                                  "tokenizer.ggml.add_space_prefix", true))
                             .value();
  CHECK(encode(*tokenizer, "a") == Ids{kMarkA});
  CHECK(encode(*tokenizer, " a") == Ids{kMark, kMarkA});
  for (const std::string text : {"a", " a", "ab  ba ", "  "}) {
    CHECK(tokenizer->decode(encode(*tokenizer, text)) == text);
  }
}

TEST_CASE("extra spaces go where the file says so") {
  const auto tokenizer = open(models::testing::unigram_vocabulary(kPieces)
                                  .flag("tokenizer.ggml.add_space_prefix", true)
                                  .flag("tokenizer.ggml.remove_extra_whitespaces", true))
                             .value();
  CHECK(encode(*tokenizer, "  a   b ") == Ids{kMarkA, kMark, kB});
  CHECK(encode(*tokenizer, "    ").empty());
  CHECK(tokenizer->decode(encode(*tokenizer, "  ba   ab ")) == "ba ab");
}

TEST_CASE("a run of characters that no piece covers is one unknown token") {
  const auto tokenizer = open(models::testing::unigram_vocabulary(kPieces)).value();
  CHECK(encode(*tokenizer, "axyzb") == Ids{kA, kUnknown, kB});
  CHECK(encode(*tokenizer, "\xff\xc3\xa9\n") == Ids{kUnknown});
  CHECK(encode(*tokenizer, "x x") == Ids{kUnknown, kMark, kUnknown});
  CHECK_FALSE(tokenizer->vocabulary().has_every_byte());
}

TEST_CASE("byte tokens bring any bytes back, U+2581 too") {
  const auto tokenizer =
      open(models::testing::unigram_vocabulary(kPieces, models::testing::ByteTokens::all)
               .flag("tokenizer.ggml.add_space_prefix", true))
          .value();
  const TokenId first_byte = 3 + static_cast<TokenId>(kPieces.size());
  CHECK(encode(*tokenizer, "a\xc3\xa9") == Ids{kMarkA, first_byte + 0xc3, first_byte + 0xa9});
  Random random(5);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (std::uint64_t n = random.next() % 30; n > 0; --n) {
      const std::uint64_t kind = random.next() % 8;
      if (kind == 0) {
        text += "\xe2\x96\x81";
      } else {
        text += kind < 5 ? "ab fi"[random.next() % 5] : static_cast<char>(random.next());
      }
    }
    CHECK(tokenizer->decode(encode(*tokenizer, text)) == text);
  }
}

TEST_CASE("words apart give the pieces of the whole text") {
  // One piece with a space inside: the text is then never cut.
  std::vector<ScoredPiece> crossing = kPieces;
  crossing.push_back({"q q", -1});
  const auto whole = open(models::testing::unigram_vocabulary(crossing)).value();
  const auto words = open(models::testing::unigram_vocabulary(kPieces)).value();
  Random random(6);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (std::uint64_t n = random.next() % 40; n > 0; --n) text += "ab fi x"[random.next() % 7];
    CHECK(encode(*words, text) == encode(*whole, text));
  }
}

TEST_CASE(
    "specials are parsed as asked, user-defined ones always, and neither breaks the way back") {
  const auto tokenizer = open(models::testing::unigram_vocabulary({{"a", -1}, {"\xe2\x96\x81", -1}},
                                                                  models::testing::ByteTokens::all)
                                  .flag("tokenizer.ggml.add_space_prefix", true))
                             .value();
  CHECK(encode(*tokenizer, "a</s>", SpecialTokens::parse).back() == 1);
  const std::string text = "a</s>a";
  CHECK(tokenizer->decode(encode(*tokenizer, text)) == text);
  CHECK(tokenizer->eos() == 1);
  CHECK(tokenizer->adds_eos());
  CHECK_FALSE(tokenizer->adds_bos());
}

TEST_CASE("the charsmap replaces the longest beginning it knows") {
  // The ligature ﬁ becomes "fi", a full-width a becomes a, a tab a space, U+200B nothing; "aa"
  // becomes b where "a" stays.
  const std::string map = models::testing::charsmap({{"\xef\xac\x81", "fi"},
                                                     {"\xef\xbd\x81", "a"},
                                                     {"\t", " "},
                                                     {"\xe2\x80\x8b", ""},
                                                     {"aa", "b"}});
  GgufWriter writer = models::testing::unigram_vocabulary(kPieces);
  const auto bytes = std::vector<std::int8_t>(map.begin(), map.end());
  writer.array("tokenizer.ggml.precompiled_charsmap", models::GgufType::i8, bytes);
  const auto tokenizer = open(writer).value();
  CHECK(encode(*tokenizer, "\xef\xac\x81") == Ids{kFi});
  CHECK(encode(*tokenizer, "\ta") == Ids{kMarkA});
  CHECK(encode(*tokenizer,
               "a\xe2\x80\x8b"
               "b") == Ids{kAb});
  CHECK(encode(*tokenizer, "aaa") == Ids{kBa});
  CHECK(encode(*tokenizer, "\xef\xac") == Ids{kUnknown});  // the beginning of a character it knows
  CHECK(tokenizer->decode(encode(*tokenizer, "b\xef\xbd\x81\xef\xac\x81")) == "bafi");
}

TEST_CASE("a charsmap that contradicts itself is refused, and one with wild jumps is harmless") {
  const auto with_map = [](const std::string& map) {
    return open(models::testing::unigram_vocabulary(kPieces).array(
        "tokenizer.ggml.precompiled_charsmap", models::GgufType::u8,
        std::vector<std::uint8_t>(map.begin(), map.end())));
  };
  const std::string good = models::testing::charsmap({{"x", "a"}});
  CHECK(with_map(good));
  CHECK(with_map(good.substr(0, 3)).error().is(TextError::malformed));
  CHECK(with_map(std::string("\x08\0\0\0abcd", 8)).error().is(TextError::malformed));
  CHECK(with_map(std::string("\x03\0\0\0abc", 7)).error().is(TextError::malformed));
  CHECK(with_map(good.substr(0, good.size() - 1)).error().is(TextError::malformed));
  CHECK(with_map(good + "y").error().is(TextError::malformed));
  Random random(8);
  for (int round = 0; round < 300; ++round) {
    std::string wild = good;
    for (int n = 0; n < 8; ++n)
      wild[4 + random.next() % (wild.size() - 5)] = static_cast<char>(random.next());
    const auto tokenizer = with_map(wild);
    if (!tokenizer) continue;
    for (int byte = 0; byte < 256; ++byte) {
      const std::string text(3, static_cast<char>(byte));
      CHECK((*tokenizer)->encode(text, SpecialTokens::as_text));
    }
  }
}

TEST_CASE("a unigram vocabulary with endless scores is refused") {
  const float endless = -std::numeric_limits<float>::infinity();
  CHECK(
      open(models::testing::unigram_vocabulary({{"a", endless}})).error().is(TextError::malformed));
}

TEST_CASE("a megabyte of one letter takes a unigram model no quadratic time") {
  const auto tokenizer =
      open(models::testing::unigram_vocabulary({{"a", -3}, {"aa", -4}, {"aaaaaaaa", -5}})).value();
  const std::string text(1U << 20, 'a');
  const Ids ids = encode(*tokenizer, text);
  CHECK(ids.size() == 1U << 17);
  CHECK(tokenizer->decode(ids) == text);
}

}  // namespace
}  // namespace blue::text
