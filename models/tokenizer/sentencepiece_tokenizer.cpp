#include "models/tokenizer/sentencepiece_tokenizer.h"

#include <bit>

#include "models/tokenizer/byte_spelling.h"
#include "models/tokenizer/merge_queue.h"
#include "models/tokenizer/utf8.h"

namespace blue::models {
namespace {

/// Floats as integers of reversed order: the highest score becomes the lowest number.
std::uint32_t order_of(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score == 0.0F ? 0.0F : score);
  const std::uint32_t ascending = (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
  return ~ascending;
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> SentencepieceTokenizer::from_gguf(const GgufFile& file) {
  BLUE_TRY_ASSIGN(Vocabulary vocabulary, Vocabulary::from_gguf(file, Spelling::sentencepiece));
  if (!file.has("tokenizer.ggml.scores")) {
    return Error(ModelsError::missing_key, file.path() +
                                               ": key \"tokenizer.ggml.scores\" is missing, without which "
                                               "nothing can be merged; convert the model again");
  }
  const bool adds_space_prefix = file.flag("tokenizer.ggml.add_space_prefix").value_or(true);
  return std::unique_ptr<Tokenizer>(new SentencepieceTokenizer(std::move(vocabulary), adds_space_prefix));
}

Status SentencepieceTokenizer::encode_plain(std::string_view text, std::vector<TokenId>& out) const {
  std::vector<char> spaced;
  spaced.reserve(text.size() + 1);
  if (adds_space_prefix_) spaced.push_back(' ');
  append_with_spaces(text, spaced);  // SentencePiece itself does not tell U+2581 from a space
  const std::string_view stretch(spaced.data(), spaced.size());

  MergeQueue queue;
  for (std::size_t at = 0; at < stretch.size();) {
    const std::size_t character = utf8_character(stretch.substr(at));
    const std::size_t size = character == 0 ? 1 : character;
    queue.add(static_cast<std::uint32_t>(size), vocabulary().find_text(stretch.substr(at, size)));
    at += size;
  }
  queue.merge([&](const MergeQueue::Symbol& left, const MergeQueue::Symbol& right) -> MergeQueue::Merge {
    const std::uint32_t size = left.size + right.size;
    if (size > vocabulary().longest_piece()) return {};
    const TokenId token = vocabulary().find_text(stretch.substr(left.begin, size));
    if (token == kNoToken) return {};
    return {order_of(vocabulary().score(token)), token};
  });
  queue.for_each([&](const MergeQueue::Symbol& symbol) {
    if (symbol.token != kNoToken) {
      out.push_back(symbol.token);
    } else {
      append_characters(stretch.substr(symbol.begin, symbol.size), out);
    }
  });
  return {};
}

void SentencepieceTokenizer::append_characters(std::string_view text, std::vector<TokenId>& out) const {
  const std::size_t before = out.size();
  for (const char c : text) {
    const TokenId token = vocabulary().byte_token(static_cast<std::uint8_t>(c));
    if (token == vocabulary().unknown()) {  // a character that is not all bytes is one unknown, not several
      out.resize(before);
      out.push_back(token);
      return;
    }
    out.push_back(token);
  }
}

}  // namespace blue::models
