// Small vocabularies of all kinds, as GGUF headers, for tests and fuzz targets.
// Depends on tests/support/models/gguf_writer.h. Header only. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "tests/support/models/gguf_writer.h"

namespace blue::models::testing {

/// GPT-2's printable stand-in for a byte, as UTF-8.
inline std::string spelled_byte(unsigned byte) {
  const auto stands_for_itself = [](unsigned b) {
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  };
  unsigned character = byte;
  if (!stands_for_itself(byte)) {
    character = 256;
    for (unsigned b = 0; b < byte; ++b) character += stands_for_itself(b) ? 0 : 1;
  }
  if (character < 0x80) return std::string(1, static_cast<char>(character));
  return {static_cast<char>(0xc0 | character >> 6), static_cast<char>(0x80 | (character & 0x3f))};
}

/// 256 bytes (token = byte), five merges (256 …), then <|user|> and <|end|> (control), <think>
/// (user-defined): the keys of it, without one that names an end.
inline void add_byte_level_keys(GgufWriter& file, const std::string& pre) {
  std::vector<std::string> tokens;
  std::vector<std::int32_t> kinds;
  for (unsigned byte = 0; byte < 256; ++byte) tokens.push_back(spelled_byte(byte));
  const std::string space = spelled_byte(' ');
  for (const std::string& merged : {std::string("aa"), std::string("aaaa"), std::string("he"),
                                    space + "he", std::string("ab")}) {
    tokens.push_back(merged);
  }
  kinds.assign(tokens.size(), 1);
  tokens.insert(tokens.end(), {"<|user|>", "<|end|>", "<think>"});
  kinds.insert(kinds.end(), {3, 3, 4});
  file.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", pre);
  file.texts("tokenizer.ggml.tokens", tokens)
      .array("tokenizer.ggml.token_type", GgufType::i32, kinds);
  file.texts("tokenizer.ggml.merges", {"a a", "aa aa", "h e", space + " he", "a b"});
}

/// The same as a file of its own, with <|end|> as the end.
inline GgufWriter byte_level_vocabulary(const std::string& pre) {
  GgufWriter file;
  file.text("general.architecture", "llama");
  add_byte_level_keys(file, pre);
  file.u32("tokenizer.ggml.eos_token_id", 262);
  return file;
}
inline constexpr int kUserToken = 261;
inline constexpr int kEndToken = 262;
inline constexpr int kThinkToken = 263;

/// <unk> <s> </s>, 256 byte tokens (3 …), then the texts of `pieces` with falling scores.
inline GgufWriter sentencepiece_vocabulary(const std::vector<std::string>& pieces) {
  GgufWriter file;
  std::vector<std::string> tokens{"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> kinds{2, 3, 3};
  std::vector<float> scores{0, 0, 0};
  for (unsigned byte = 0; byte < 256; ++byte) {
    constexpr char kHex[] = "0123456789ABCDEF";
    tokens.push_back(std::string("<0x") + kHex[byte >> 4] + kHex[byte & 15] + '>');
    kinds.push_back(6);
    scores.push_back(0);
  }
  for (const std::string& piece : pieces) {
    tokens.push_back(piece);
    kinds.push_back(1);
    scores.push_back(-static_cast<float>(tokens.size()));
  }
  file.text("general.architecture", "llama").text("tokenizer.ggml.model", "llama");
  file.texts("tokenizer.ggml.tokens", tokens)
      .array("tokenizer.ggml.token_type", GgufType::i32, kinds);
  file.array("tokenizer.ggml.scores", GgufType::f32, scores);
  file.u32("tokenizer.ggml.bos_token_id", 1)
      .u32("tokenizer.ggml.eos_token_id", 2)
      .u32("tokenizer.ggml.unknown_token_id", 0);
  return file;
}
inline constexpr int kFirstPiece = 259;

struct ScoredPiece {
  std::string text;
  float score = 0;
};
enum class ByteTokens { none, all };

/// <pad> </s> <unk>, the pieces (3 …), then 256 byte tokens where asked for.
inline GgufWriter unigram_vocabulary(const std::vector<ScoredPiece>& pieces,
                                     ByteTokens bytes = ByteTokens::none) {
  GgufWriter file;
  std::vector<std::string> tokens{"<pad>", "</s>", "<unk>"};
  std::vector<std::int32_t> kinds{3, 3, 2};
  std::vector<float> scores{0, 0, 0};
  for (const ScoredPiece& piece : pieces) {
    tokens.push_back(piece.text);
    kinds.push_back(1);
    scores.push_back(piece.score);
  }
  for (unsigned byte = 0; bytes == ByteTokens::all && byte < 256; ++byte) {
    constexpr char kHex[] = "0123456789ABCDEF";
    tokens.push_back(std::string("<0x") + kHex[byte >> 4] + kHex[byte & 15] + '>');
    kinds.push_back(6);
    scores.push_back(0);
  }
  file.text("general.architecture", "t5").text("tokenizer.ggml.model", "t5");
  file.texts("tokenizer.ggml.tokens", tokens)
      .array("tokenizer.ggml.token_type", GgufType::i32, kinds);
  file.array("tokenizer.ggml.scores", GgufType::f32, scores);
  file.u32("tokenizer.ggml.eos_token_id", 1).u32("tokenizer.ggml.unknown_token_id", 2);
  return file;
}

}  // namespace blue::models::testing
