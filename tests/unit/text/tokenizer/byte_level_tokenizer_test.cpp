#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "models/gguf/gguf_file.h"
#include "models/sampling/random.h"
#include "tests/support/models/vocabularies.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::text {
namespace {

using models::Random;
using models::testing::as_bytes;
using models::testing::GgufWriter;
using models::testing::kEndToken;
using models::testing::kThinkToken;
using models::testing::kUserToken;
using Ids = std::vector<TokenId>;

constexpr TokenId kAa = 256;
constexpr TokenId kAaaa = 257;
constexpr TokenId kHe = 258;
constexpr TokenId kSpaceHe = 259;
constexpr TokenId kAb = 260;

Result<std::unique_ptr<Tokenizer>> open(const GgufWriter& writer) {
  const std::string bytes = writer.finish();
  BLUE_TRY_ASSIGN(const models::GgufFile file,
                  models::GgufFile::parse(as_bytes(bytes), bytes.size(), "v.gguf"));
  return Tokenizer::from_metadata(file);
}

std::unique_ptr<Tokenizer> small(const std::string& pre = "gpt-2") {
  return open(models::testing::byte_level_vocabulary(pre)).value();
}

Ids encode(const Tokenizer& tokenizer, std::string_view text,
           SpecialTokens special = SpecialTokens::as_text) {
  return tokenizer.encode(text, special).value();
}

TEST_CASE("merges go by rank, the leftmost of equals first") {
  const auto tokenizer = small();
  CHECK(encode(*tokenizer, "") == Ids{});
  CHECK(encode(*tokenizer, "aa") == Ids{kAa});
  CHECK(encode(*tokenizer, "aaa") == Ids{kAa, 'a'});
  CHECK(encode(*tokenizer, "aaaa") == Ids{kAaaa});
  CHECK(encode(*tokenizer, "aaaaa") == Ids{kAaaa, 'a'});
  CHECK(encode(*tokenizer, "aaaaaaa") == Ids{kAaaa, kAa, 'a'});
  CHECK(encode(*tokenizer, "aab") == Ids{kAa, 'b'});  // aa ranks before ab
  CHECK(encode(*tokenizer, "cab") == Ids{'c', kAb});
  CHECK(encode(*tokenizer, "he he") == Ids{kHe, kSpaceHe});
}

TEST_CASE("no merge crosses a word's border, which the pre-tokeniser draws") {
  CHECK(encode(*small(), "h\ne") == Ids{'h', '\n', 'e'});
  // GPT-2 keeps digits together and a newline from the spaces after it; Qwen2 parts every digit.
  CHECK(encode(*small("gpt-2"), "a'sa") == Ids{'a', '\'', 's', 'a'});
  GgufWriter digits = models::testing::byte_level_vocabulary("qwen2");
  CHECK(encode(*open(digits).value(), "he  he") == Ids{kHe, ' ', kSpaceHe});
}

TEST_CASE("special tokens are text or tokens, as asked") {
  const auto tokenizer = small();
  CHECK(encode(*tokenizer, "<|user|>aa<|end|>", SpecialTokens::parse) ==
        Ids{kUserToken, kAa, kEndToken});
  const Ids as_text = encode(*tokenizer, "<|end|>");
  CHECK(as_text == Ids{'<', '|', 'e', 'n', 'd', '|', '>'});
  CHECK(tokenizer->decode(as_text) == "<|end|>");
  CHECK(encode(*tokenizer, "<|end|", SpecialTokens::parse) == Ids{'<', '|', 'e', 'n', 'd', '|'});
  CHECK(encode(*tokenizer, "<|<|end|>", SpecialTokens::parse) == Ids{'<', '|', kEndToken});
  // A user-defined token is a word of the language.
  CHECK(encode(*tokenizer, "aa<think>aa") == Ids{kAa, kThinkToken, kAa});
}

TEST_CASE(
    "in chat pieces a special token counts in markup alone, and words cross the borders of "
    "pieces") {
  using Origin = ChatPiece::Origin;
  const auto tokenizer = small();
  const std::vector<ChatPiece> pieces{
      {"<|user|>a", Origin::markup}, {"a<|end|>", Origin::content}, {"<|end|>", Origin::markup}};
  CHECK(tokenizer->encode_pieces(pieces).value() ==
        Ids{kUserToken, kAa, '<', '|', 'e', 'n', 'd', '|', '>', kEndToken});
  // Neither half of a special may come from a message.
  const std::vector<ChatPiece> halves{{"<|en", Origin::markup}, {"d|>", Origin::content}};
  CHECK(tokenizer->encode_pieces(halves).value() == Ids{'<', '|', 'e', 'n', 'd', '|', '>'});
  const std::vector<ChatPiece> other_halves{{"<|en", Origin::content}, {"d|>", Origin::markup}};
  CHECK(tokenizer->encode_pieces(other_halves).value() == Ids{'<', '|', 'e', 'n', 'd', '|', '>'});
  // Two pieces of markup are one text.
  const std::vector<ChatPiece> joined{
      {"<|en", Origin::markup}, {"", Origin::content}, {"d|>", Origin::markup}};
  CHECK(tokenizer->encode_pieces(joined).value() == Ids{kEndToken});
}

TEST_CASE("any bytes come back as they were") {
  const auto tokenizer = small();
  Random random(3);
  for (int round = 0; round < 500; ++round) {
    std::string text(random.next() % 40, '\0');
    for (char& c : text) {
      // Mostly leading and continuing bytes: broken UTF-8 of every sort.
      c = random.next() % 3 == 0 ? static_cast<char>(random.next())
                                 : static_cast<char>(0x80 | random.next() % 0x80);
    }
    CHECK(tokenizer->decode(encode(*tokenizer, text)) == text);
  }
}

TEST_CASE("a megabyte of one letter, of spaces or of broken bytes takes no quadratic time") {
  const auto tokenizer = small("qwen2");
  for (const std::string& unit : {std::string("a"), std::string(" "), std::string("\xff"),
                                  std::string("\n "), std::string("<|")}) {
    std::string text;
    while (text.size() < (1U << 20)) text += unit;
    const auto begin = std::chrono::steady_clock::now();
    const Ids ids = encode(*tokenizer, text, SpecialTokens::parse);
    // A quadratic merge would take hours; the bound leaves room for a sanitizer on a busy machine.
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(60));
    CHECK(tokenizer->decode(ids) == text);
  }
}

TEST_CASE("ids outside the vocabulary are no text") {
  const auto tokenizer = small();
  CHECK(tokenizer->decode(Ids{-1, 'a', 100'000, kEndToken}) == "a");
  CHECK(tokenizer->piece(-1).empty());
  CHECK(tokenizer->piece(kEndToken) == "<|end|>");
}

TEST_CASE("end tokens are known by key and by name") {
  const auto tokenizer = small();
  CHECK(tokenizer->eos() == kEndToken);
  CHECK(tokenizer->bos() == kNoToken);
  CHECK(tokenizer->is_end(kEndToken));
  CHECK_FALSE(tokenizer->is_end(kUserToken));
  CHECK_FALSE(tokenizer->is_end(kNoToken));
  CHECK(tokenizer->find_special("<|user|>") == kUserToken);
  CHECK(tokenizer->find_special("<|nobody|>") == kNoToken);
  CHECK_FALSE(tokenizer->adds_bos());
  CHECK(tokenizer->n_vocab() == 264);
}

TEST_CASE("a vocabulary that cannot be used is refused for what it lacks") {
  const auto error = [](const GgufWriter& writer) { return open(writer).error(); };
  CHECK(error(GgufWriter().text("general.architecture", "llama"))
            .is(TextError::unsupported_tokenizer));
  CHECK(error(GgufWriter().text("tokenizer.ggml.model", "none")).message().find("no vocabulary") !=
        std::string::npos);
  CHECK(error(GgufWriter().text("tokenizer.ggml.model", "bert")).message().find("\"bert\"") !=
        std::string::npos);
  const std::string unknown = error(models::testing::byte_level_vocabulary("nobody")).message();
  CHECK(unknown.find("\"nobody\"") != std::string::npos);
  CHECK(unknown.find("llama-bpe") != std::string::npos);  // the known ones are listed
  CHECK(unknown.find('\n') == std::string::npos);
  GgufWriter gpt2;
  gpt2.text("tokenizer.ggml.model", "gpt2");
  CHECK(error(gpt2).is(TextError::missing_key));
  gpt2.texts("tokenizer.ggml.tokens", {"a", "b"}).texts("tokenizer.ggml.merges", {});
  CHECK(error(gpt2).is(TextError::unsupported_tokenizer));  // no token for most bytes
  CHECK(error(models::testing::byte_level_vocabulary("gpt-2").array(
                  "tokenizer.ggml.scores", models::GgufType::f32, std::vector<float>{1}))
            .is(TextError::malformed));
}

/// 256 bytes, bc 256, ab 257, abc 258, <s> 259 (control).
GgufWriter bare_vocabulary(const std::string& pre) {
  GgufWriter writer;
  std::vector<std::string> tokens;
  for (unsigned byte = 0; byte < 256; ++byte) tokens.push_back(models::testing::spelled_byte(byte));
  tokens.insert(tokens.end(), {"bc", "ab", "abc", "<s>"});
  std::vector<std::int32_t> kinds(tokens.size(), 1);
  kinds.back() = 3;
  writer.text("tokenizer.ggml.model", "gpt2")
      .text("tokenizer.ggml.pre", pre)
      .texts("tokenizer.ggml.tokens", tokens)
      .array("tokenizer.ggml.token_type", models::GgufType::i32, kinds)
      .u32("tokenizer.ggml.bos_token_id", 259);
  return writer;
}

TEST_CASE("a vocabulary without merges forms the token with the lowest number first") {
  const auto tokenizer = open(bare_vocabulary("qwen2")).value();
  CHECK(encode(*tokenizer, "bc") == Ids{256});
  CHECK(encode(*tokenizer, "abc") == Ids{258});
  CHECK(encode(*tokenizer, "abbc") == Ids{257, 256});
  CHECK(encode(*tokenizer, "bcb") == Ids{256, 'b'});
  CHECK(tokenizer->decode(encode(*tokenizer, "xabcbcab abc")) == "xabcbcab abc");
}

TEST_CASE("a word that is a token needs no merges where the pre-tokeniser says so") {
  const std::vector<std::string> merges{"b c"};  // none leads to ab or abc
  for (const std::string pre : {"llama-bpe", "tekken"}) {
    const auto tokenizer =
        open(bare_vocabulary(pre).texts("tokenizer.ggml.merges", merges)).value();
    CHECK(encode(*tokenizer, "abc") == Ids{258});
    CHECK(encode(*tokenizer, "abcx") == Ids{'a', 256, 'x'});
    CHECK(tokenizer->adds_bos());
  }
  const auto other = open(bare_vocabulary("qwen2").texts("tokenizer.ggml.merges", merges)).value();
  CHECK(encode(*other, "abc") == Ids{'a', 256});
  CHECK_FALSE(other->adds_bos());
}

TEST_CASE("neither a whole word nor a merge becomes a token that ends a text") {
  for (const std::string pre : {"llama-bpe", "qwen2"}) {
    GgufWriter writer;
    std::vector<std::string> tokens;
    for (unsigned byte = 0; byte < 256; ++byte)
      tokens.push_back(models::testing::spelled_byte(byte));
    tokens.insert(tokens.end(), {"EO", "EOT"});
    std::vector<std::int32_t> kinds(tokens.size(), 1);
    kinds.back() = 4;
    writer.text("tokenizer.ggml.model", "gpt2")
        .text("tokenizer.ggml.pre", pre)
        .texts("tokenizer.ggml.tokens", tokens)
        .array("tokenizer.ggml.token_type", models::GgufType::i32, kinds)
        .texts("tokenizer.ggml.merges", {"E O", "EO T"})
        .u32("tokenizer.ggml.eos_token_id", 257);
    const auto tokenizer = open(writer).value();
    CHECK(encode(*tokenizer, "EOT") == Ids{256, 'T'});
    CHECK(encode(*tokenizer, "EOT", SpecialTokens::parse) == Ids{257});
  }
}

TEST_CASE("words that come again are taken apart as before") {
  const auto tokenizer = small("gpt-2");
  Random random(7);
  std::string text;
  Ids wanted;
  for (int i = 0; i < 3000; ++i) {
    std::string word(1, ' ');
    for (std::uint64_t n = random.next() % 6; n > 0; --n) word += "aheb"[random.next() % 4];
    word += "x";
    text += word;
    const Ids alone = encode(*tokenizer, word);
    wanted.insert(wanted.end(), alone.begin(), alone.end());
  }
  CHECK(encode(*tokenizer, text) == wanted);
}

}  // namespace
}  // namespace blue::text
