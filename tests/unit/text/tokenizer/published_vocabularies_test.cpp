// Vocabularies as converters publish them: what a reader can correct becomes a note, and the ids
// are those that the model was trained with.
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "models/gguf/gguf_file.h"
#include "tests/support/models/vocabularies.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::text {
namespace {

using models::GgufType;
using models::testing::as_bytes;
using models::testing::GgufWriter;
using models::testing::spelled_byte;
using Ids = std::vector<TokenId>;

Result<std::unique_ptr<Tokenizer>> open(const GgufWriter& writer,
                                        const TokenizerOptions& options = {}) {
  const std::string bytes = writer.finish();
  BLUE_TRY_ASSIGN(const models::GgufFile file,
                  models::GgufFile::parse(as_bytes(bytes), bytes.size(), "v.gguf"));
  return Tokenizer::from_metadata(file, options);
}

/// The 256 bytes (token = byte), then `more`, each of its kind.
struct More {
  std::string text;
  std::int32_t kind = 1;
};
GgufWriter byte_level(const std::vector<More>& more, const std::string& pre = "gpt-2") {
  GgufWriter file;
  std::vector<std::string> tokens;
  for (unsigned byte = 0; byte < 256; ++byte) tokens.push_back(spelled_byte(byte));
  std::vector<std::int32_t> kinds(tokens.size(), 1);
  for (const More& each : more) {
    tokens.push_back(each.text);
    kinds.push_back(each.kind);
  }
  file.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", pre);
  file.texts("tokenizer.ggml.tokens", tokens);
  file.array("tokenizer.ggml.token_type", GgufType::i32, kinds);
  return file;
}

bool has_note(const Tokenizer& tokenizer, std::string_view part) {
  for (const std::string& note : tokenizer.notes())
    if (note.find(part) != std::string::npos) return true;
  return false;
}

Ids encode(const Tokenizer& tokenizer, std::string_view text,
           SpecialTokens special = SpecialTokens::as_text) {
  return tokenizer.encode(text, special).value();
}

TEST_CASE("a token ends a turn by its name, whatever its type") {
  for (const std::string name :
       {"<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<end_of_utterance>", "<EOT>",
        "</s>", "<|endoftext|>", "<｜end▁of▁sentence｜>", "<|eom_id|>", "[EOT]", "<turn|>", "<eos>",
        "<|file_sep|>", "<|return|>"}) {
    for (const std::int32_t kind : {1, 2, 3, 4, 5}) {
      INFO(name << " of type " << kind);
      const auto tokenizer =
          open(byte_level({{name, kind}, {"<|user|>", 3}}).texts("tokenizer.ggml.merges", {}))
              .value();
      CHECK(tokenizer->is_end(256));
      CHECK_FALSE(tokenizer->is_end(257));
      CHECK(encode(*tokenizer, name, SpecialTokens::parse) == Ids{256});
      CHECK(encode(*tokenizer, name).size() == name.size());
      CHECK(tokenizer->decode(Ids{256}).empty());
      CHECK(has_note(*tokenizer, "token 256") == (kind == 1));
    }
  }
}

TEST_CASE("a vocabulary may have several ends, and some names end nothing beside others") {
  const auto several = open(byte_level({{"<|im_end|>", 3}, {"<|endoftext|>", 3}, {"<|x|>", 3}})
                                .u32("tokenizer.ggml.eos_token_id", 257)
                                .u32("tokenizer.ggml.eot_token_id", 258))
                           .value();
  CHECK(several->is_end(256));
  CHECK(several->is_end(257));
  CHECK(several->is_end(258));
  CHECK(several->eos() == 257);
  const auto harmony =
      open(byte_level({{"<|end|>", 3}, {"<|return|>", 3}, {"<|call|>", 3}})).value();
  CHECK_FALSE(harmony->is_end(256));
  CHECK(harmony->is_end(257));
  CHECK(harmony->is_end(258));
  const auto gemma = open(byte_level({{"</s>", 1}, {"<|tool_response>", 3}})).value();
  CHECK_FALSE(gemma->is_end(256));
  CHECK(gemma->is_end(257));
}

TEST_CASE("an id past the vocabulary is a note, and the ends by name still count") {
  const auto tokenizer = open(byte_level({{"<|im_end|>", 3}})
                                  .u32("tokenizer.ggml.eos_token_id", 257)
                                  .u32("tokenizer.ggml.bos_token_id", 4'000'000))
                             .value();
  CHECK(tokenizer->eos() == 256);
  CHECK(tokenizer->bos() == kNoToken);
  CHECK(tokenizer->is_end(256));
  CHECK(has_note(*tokenizer, "\"tokenizer.ggml.eos_token_id\" names token 257 of a vocabulary"));
  CHECK(has_note(*tokenizer, "\"tokenizer.ggml.bos_token_id\""));
  const auto typed = open(byte_level({{"<|im_end|>", 3}}).text("tokenizer.ggml.eos_token_id", "x"));
  REQUIRE(typed);
  CHECK(has_note(**typed, "holds no token's id"));
  const auto none = open(byte_level({}).u32("tokenizer.ggml.bos_token_id", 0xffffffff)).value();
  CHECK(none->bos() == kNoToken);
  CHECK(none->notes().empty());
}

TEST_CASE("merges that can never apply are skipped with one note") {
  const auto tokenizer =
      open(byte_level({{"ab"}, {"cd"}})
               .texts("tokenizer.ggml.merges",
                      {"q q", "a b", "qq", " q", "q ", "q \xe2\x82\xac", "ab zz", "c d"}))
          .value();
  CHECK(encode(*tokenizer, "abqqcd") == Ids{256, 'q', 'q', 257});
  CHECK(has_note(*tokenizer, "merges: 6 "));
  CHECK(has_note(*tokenizer, "rank 0"));
  CHECK(tokenizer->notes().size() == 1);
}

TEST_CASE("token types that are none count as normal") {
  GgufWriter file = byte_level({});
  const auto with = [](GgufType type, auto values) {
    GgufWriter writer;
    std::vector<std::string> tokens;
    for (unsigned byte = 0; byte < 256; ++byte) tokens.push_back(spelled_byte(byte));
    tokens.push_back("ab");
    writer.text("tokenizer.ggml.model", "gpt2").texts("tokenizer.ggml.tokens", tokens);
    writer.texts("tokenizer.ggml.merges", {"a b"});
    return open(writer.array("tokenizer.ggml.token_type", type, values));
  };
  std::vector<std::int32_t> kinds(257, 1);
  kinds[256] = 7;
  kinds[3] = 0;
  const auto wrong = with(GgufType::i32, kinds).value();
  CHECK(encode(*wrong, "ab") == Ids{256});
  CHECK(has_note(*wrong, "gives 2 tokens a type that is none, token 3 first"));
  const auto floats = with(GgufType::f32, std::vector<float>(257, 1)).value();
  CHECK(encode(*floats, "ab") == Ids{256});
  CHECK(has_note(*floats, "array of f32"));
  CHECK(with(GgufType::u8, std::vector<std::uint8_t>(257, 1)).value()->notes().empty());
  kinds.assign(300, 1);
  CHECK(has_note(*with(GgufType::i32, kinds).value(), "300 values for 257 tokens"));
  kinds.assign(256, 1);
  CHECK(with(GgufType::i32, kinds).error().is(TextError::malformed));
}

/// Like sentencepiece_vocabulary, with other scores.
enum class Scores { floats, integers, missing };
GgufWriter sentencepiece(const std::vector<std::string>& pieces, Scores scores,
                         std::int32_t byte_kind = 6) {
  GgufWriter file;
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> kinds{2, 3, 3};
  for (unsigned byte = 0; byte < 256; ++byte) {
    constexpr char kHex[] = "0123456789ABCDEF";
    tokens.push_back(std::string("<0x") + kHex[byte >> 4] + kHex[byte & 15] + '>');
    kinds.push_back(byte_kind);
  }
  tokens.insert(tokens.end(), pieces.begin(), pieces.end());
  kinds.resize(tokens.size(), 1);
  file.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", tokens);
  file.array("tokenizer.ggml.token_type", GgufType::i32, kinds);
  file.flag("tokenizer.ggml.add_space_prefix", false);
  std::vector<std::int32_t> values;
  for (std::size_t i = 0; i < tokens.size(); ++i) values.push_back(-static_cast<std::int32_t>(i));
  if (scores == Scores::integers) file.array("tokenizer.ggml.scores", GgufType::i32, values);
  if (scores == Scores::floats)
    file.array("tokenizer.ggml.scores", GgufType::f32,
               std::vector<float>(values.begin(), values.end()));
  return file;
}

TEST_CASE("SentencePiece scores may be integers, or missing: then the lower id merges first") {
  const std::vector<std::string> pieces{"a", "b", "c", "bc", "ab"};  // 259 ...
  for (const Scores scores : {Scores::floats, Scores::integers, Scores::missing}) {
    const auto tokenizer = open(sentencepiece(pieces, scores)).value();
    CHECK(encode(*tokenizer, "abc") == Ids{259, 262});
    CHECK(encode(*tokenizer, "abab") == Ids{263, 263});
    CHECK(has_note(*tokenizer, "\"tokenizer.ggml.scores\" is missing") ==
          (scores == Scores::missing));
    // No key names them; they are where SentencePiece puts them.
    CHECK(tokenizer->bos() == 1);
    CHECK(tokenizer->eos() == 2);
    CHECK(tokenizer->is_end(2));
  }
}

TEST_CASE("byte tokens are known by their names where none has the type") {
  const auto tokenizer = open(sentencepiece({"a"}, Scores::floats, 1)).value();
  CHECK(encode(*tokenizer, "a\xff") == Ids{259, 3 + 0xff});
  CHECK(tokenizer->decode(Ids{3 + 0xc3, 3 + 0xa9}) == "\xc3\xa9");
  CHECK(encode(*tokenizer, "<0x41>").size() == 6);
}

TEST_CASE("a unigram vocabulary without scores prefers the fewest pieces") {
  GgufWriter file;
  file.text("tokenizer.ggml.model", "t5")
      .texts("tokenizer.ggml.tokens", {"<pad>", "</s>", "<unk>", "a", "b", "ab", "abab"})
      .array("tokenizer.ggml.token_type", GgufType::i32,
             std::vector<std::int32_t>{3, 3, 2, 1, 1, 1, 1});
  const auto tokenizer = open(file).value();
  CHECK(encode(*tokenizer, "ababab") == Ids{5, 6});
  CHECK(tokenizer->eos() == 1);
  CHECK(has_note(*tokenizer, "\"tokenizer.ggml.scores\" is missing"));
}

/// Bytes without those of `missing`, then "ab" and U+FFFD as one token: what text needs.
GgufWriter without_bytes(const std::string& missing) {
  GgufWriter file;
  std::vector<std::string> tokens;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (missing.find(static_cast<char>(byte)) == std::string::npos)
      tokens.push_back(spelled_byte(byte));
  }
  tokens.push_back(spelled_byte(0xef) + spelled_byte(0xbf));
  tokens.push_back(spelled_byte(0xef) + spelled_byte(0xbf) + spelled_byte(0xbd));
  file.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "deepseek-llm");
  file.texts("tokenizer.ggml.tokens", tokens);
  file.texts("tokenizer.ggml.merges",
             {spelled_byte(0xef) + " " + spelled_byte(0xbf),
              spelled_byte(0xef) + spelled_byte(0xbf) + " " + spelled_byte(0xbd)});
  return file;
}

TEST_CASE("a vocabulary needs no tokens for bytes that UTF-8 never uses") {
  std::string unused = "\xc0\xc1";
  for (unsigned byte = 0xf5; byte < 256; ++byte) unused += static_cast<char>(byte);
  const auto tokenizer = open(without_bytes(unused)).value();
  CHECK(tokenizer->notes().empty());
  CHECK(tokenizer->decode(encode(*tokenizer, "h\xc3\xa9llo \xf0\x9f\x98\x80")) ==
        "h\xc3\xa9llo \xf0\x9f\x98\x80");
  const TokenId replacement = static_cast<TokenId>(tokenizer->n_vocab()) - 1;
  CHECK(encode(*tokenizer, "\xff") == Ids{replacement});
  CHECK(tokenizer->decode(encode(*tokenizer, "a\xff\xc0z")) == "a\xef\xbf\xbd\xef\xbf\xbdz");
}

TEST_CASE("a byte that text needs and the vocabulary lacks becomes U+FFFD, with a note") {
  const auto tokenizer = open(without_bytes("\x7f\xff")).value();
  CHECK(has_note(*tokenizer, "no tokens for 1 bytes"));
  CHECK(tokenizer->decode(encode(*tokenizer, "a\x7f")) == "a\xef\xbf\xbd");
  CHECK(open(without_bytes("\xbd\xff")).error().is(TextError::unsupported_tokenizer));
}

TEST_CASE("another pre-tokenizer may be named than the file's, and an unknown one says so") {
  const std::string unknown = open(byte_level({}, "nosuch")).error().message();
  CHECK(unknown.find("\"nosuch\"") != std::string::npos);
  CHECK(unknown.find("--pre NAME") != std::string::npos);
  CHECK(unknown.find("llama-bpe") != std::string::npos);
  const auto named = open(byte_level({{"12"}}, "nosuch"), {.pre_tokenizer = "gpt-2"}).value();
  CHECK(encode(*named, "12") == Ids{256});
  const auto digits = open(byte_level({{"12"}}, "gpt-2"), {.pre_tokenizer = "qwen2"}).value();
  CHECK(encode(*digits, "12") == Ids{'1', '2'});
  CHECK(open(byte_level({}), {.pre_tokenizer = "other"}).error().message().find("\"other\"") !=
        std::string::npos);
}

TEST_CASE("decomposed text gives the ids of composed text where the model's tokenizer normalizes") {
  const std::string composed = "caf\xc3\xa9 \xed\x95\x9c\xea\xb8\x80";
  const std::string decomposed =
      "cafe\xcc\x81 \xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xb3\xe1\x86\xaf";
  for (const std::string pre : {"qwen2", "qwen35", "deepseek-r1-qwen", "mpt", "command-r"}) {
    const auto tokenizer = open(byte_level({}, pre)).value();
    CHECK(encode(*tokenizer, decomposed) == encode(*tokenizer, composed));
    CHECK(tokenizer->decode(encode(*tokenizer, composed)) == composed);
  }
  for (const std::string pre : {"gpt-2", "llama-bpe", "deepseek-v3"}) {
    const auto tokenizer = open(byte_level({}, pre)).value();
    CHECK(tokenizer->decode(encode(*tokenizer, decomposed)) == decomposed);
  }
}

}  // namespace
}  // namespace blue::text
