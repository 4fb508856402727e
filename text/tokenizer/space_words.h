// Space words: where a SentencePiece text may be cut so that no token crosses a cut: before a space
// that follows something else. True of vocabularies whose pieces hold spaces in front only, which
// nearly all are. Depends on text/tokenizer/vocabulary.h. Pure functions; any thread.
#pragma once

#include <string_view>

#include "text/tokenizer/vocabulary.h"

namespace blue::text {

/// Bytes up to the next space that follows something else, or to the end of `text`, which is not
/// empty.
inline std::size_t space_word(std::string_view text) {
  const std::size_t word = text.find_first_not_of(' ');
  if (word == std::string_view::npos) return text.size();
  const std::size_t space = text.find(' ', word);
  return space == std::string_view::npos ? text.size() : space;
}

/// Is no piece of the vocabulary that text may become longer than its own space word?
inline bool has_space_words(const Vocabulary& vocabulary) {
  for (std::uint32_t i = 0; i < vocabulary.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    if (vocabulary.kind(token) != TokenKind::normal) continue;
    const std::string_view piece = vocabulary.piece(token);
    if (!piece.empty() && space_word(piece) != piece.size()) return false;
  }
  return true;
}

}  // namespace blue::text
