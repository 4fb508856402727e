#include "text/tokenizer/sentencepiece_tokenizer.h"

#include <bit>

#include "base/utf8.h"
#include "text/tokenizer/byte_spelling.h"
#include "text/tokenizer/space_words.h"
#include "text/tokenizer/word_memory.h"

namespace blue::text {
namespace {

// Where SentencePiece puts them.
constexpr TokenId kDefaultBos = 1;
constexpr TokenId kDefaultEos = 2;

/// Floats as integers of reversed order: the highest score becomes the lowest number.
std::uint32_t order_of(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score == 0.0F ? 0.0F : score);
  const std::uint32_t ascending = (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
  return ~ascending;
}

}  // namespace

SentencepieceTokenizer::SentencepieceTokenizer(Vocabulary vocabulary, bool adds_space_prefix)
    : Tokenizer(std::move(vocabulary)),
      adds_space_prefix_(adds_space_prefix),
      has_space_words_(has_space_words(this->vocabulary())) {}

Result<std::unique_ptr<Tokenizer>> SentencepieceTokenizer::from_metadata(const Metadata& metadata) {
  BLUE_TRY_ASSIGN(
      Vocabulary vocabulary,
      Vocabulary::from_metadata(metadata, {.spelling = Spelling::sentencepiece,
                                           .adds_bos = true,
                                           .default_bos = kDefaultBos,
                                           .default_eos = kDefaultEos,
                                           .unscored = VocabularyKind::Unscored::falling}));
  const bool adds_space_prefix = metadata.flag("tokenizer.ggml.add_space_prefix").value_or(true);
  return std::unique_ptr<Tokenizer>(
      new SentencepieceTokenizer(std::move(vocabulary), adds_space_prefix));
}

Status SentencepieceTokenizer::encode_plain(std::string_view text,
                                            std::vector<TokenId>& out) const {
  std::vector<char> spaced;
  spaced.reserve(text.size() + 1);
  if (adds_space_prefix_) spaced.push_back(' ');
  if (vocabulary().has_every_byte()) {
    spaced.insert(spaced.end(), text.begin(), text.end());
  } else {
    append_with_spaces(text, spaced);
  }
  MergeQueue queue;
  WordMemory memory(text.size(), out);
  for (std::string_view rest(spaced.data(), spaced.size()); !rest.empty();) {
    const std::string_view word = has_space_words_ ? rest.substr(0, space_word(rest)) : rest;
    memory.append(word, [&] { encode_word(word, queue, out); });
    rest.remove_prefix(word.size());
  }
  return {};
}

void SentencepieceTokenizer::encode_word(std::string_view word, MergeQueue& queue,
                                         std::vector<TokenId>& out) const {
  queue.clear();
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t character = utf8_character(word.substr(at));
    const std::size_t size = character == 0 ? 1 : character;
    queue.add(static_cast<std::uint32_t>(size), vocabulary().find_text(word.substr(at, size)));
    at += size;
  }
  queue.merge(
      [&](const MergeQueue::Symbol& left, const MergeQueue::Symbol& right) -> MergeQueue::Merge {
        const std::uint32_t size = left.size + right.size;
        if (size > vocabulary().longest_piece()) return {};
        const TokenId token = vocabulary().find_text(word.substr(left.begin, size));
        if (token == kNoToken) return {};
        return {order_of(vocabulary().score(token)), token};
      });
  queue.for_each([&](const MergeQueue::Symbol& symbol) {
    if (symbol.token != kNoToken) {
      out.push_back(symbol.token);
    } else {
      append_characters(word.substr(symbol.begin, symbol.size), out);
    }
  });
}

void SentencepieceTokenizer::append_characters(std::string_view text,
                                               std::vector<TokenId>& out) const {
  const std::size_t before = out.size();
  for (const char c : text) {
    const TokenId token = vocabulary().byte_token(static_cast<std::uint8_t>(c));
    if (token ==
        vocabulary().unknown()) {  // a character that is not all bytes is one unknown, not several
      out.resize(before);
      out.push_back(token);
      return;
    }
    out.push_back(token);
  }
}

}  // namespace blue::text
