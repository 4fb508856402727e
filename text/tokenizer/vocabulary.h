// Vocabulary: the tokens of a model: their bytes, kinds, scores, and which of them are special.
// Depends on base and text/tokenizer/metadata.h. Immutable after construction; any thread; movable,
// its views survive a move.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "text/tokenizer/metadata.h"
#include "text/tokenizer/text_index.h"

namespace blue::text {

/// The numbers of `tokenizer.ggml.token_type`.
enum class TokenKind : std::uint8_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

/// How the tokens are written in the file.
enum class Spelling : std::uint8_t {
  sentencepiece,  ///< U+2581 is a space, <0xNN> a byte
  byte_level,     ///< GPT-2's printable stand-ins for bytes
};

/// What a kind of tokenizer sets where the file has no key for it.
struct VocabularyKind {
  Spelling spelling = Spelling::byte_level;
  bool adds_bos = false;
  bool adds_eos = false;
  /// Ids that count where no key gives one and the token is a control token; kNoToken: none.
  TokenId default_bos = kNoToken;
  TokenId default_eos = kNoToken;
  /// The score of every token in a file without scores: falling with the id, as SentencePiece
  /// trains merges, or the same for all, so that the fewest pieces win.
  enum class Unscored : std::uint8_t { falling, equal };
  Unscored unscored = Unscored::equal;
};

class Vocabulary {
 public:
  /// A wrong value that can be corrected becomes a note: an id outside, an invalid token type,
  /// scores of another type or missing.
  /// Errors: missing_key, malformed (fewer types or scores than tokens, a NaN among the scores, too
  /// many tokens), unsupported_tokenizer (bytes without a token, and neither an unknown token nor
  /// U+FFFD to take their place).
  static Result<Vocabulary> from_metadata(const Metadata& metadata, const VocabularyKind& kind);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(ranges_.size()); }
  [[nodiscard]] bool contains(TokenId token) const {
    return token >= 0 && static_cast<std::uint32_t>(token) < size();
  }

  /// The token's bytes in running text (a control token's: its name); empty for an id outside.
  [[nodiscard]] std::string_view piece(TokenId token) const {
    if (!contains(token)) return {};
    const Range range = ranges_[static_cast<std::size_t>(token)];
    return {bytes_.data() + range.begin, range.size};
  }
  /// TokenKind::unused for an id outside.
  [[nodiscard]] TokenKind kind(TokenId token) const;
  /// 0 in a byte-level vocabulary without scores.
  [[nodiscard]] float score(TokenId token) const;
  /// Bytes of the longest token.
  [[nodiscard]] std::uint32_t longest_piece() const { return longest_piece_; }

  /// The token of exactly these bytes that merging may give: a normal one, or a byte-level file's
  /// user-defined one that is no markup. kNoToken when none is.
  [[nodiscard]] TokenId find_text(std::string_view bytes) const {
    return find_text(bytes, TextIndex::hash(bytes));
  }
  /// The same, by a hash that is known.
  [[nodiscard]] TokenId find_text(std::string_view bytes, std::uint64_t hash) const {
    return by_text_.find(bytes, hash, [this](TokenId token) { return piece(token); });
  }
  [[nodiscard]] const TextIndex& by_text() const { return by_text_; }
  /// Does find_text give this token for its own text?
  [[nodiscard]] bool is_found(TokenId token) const {
    return contains(token) && is_found_[static_cast<std::size_t>(token)];
  }
  /// Has each of 256 bytes a token of its own, so that decode can return any text?
  [[nodiscard]] bool has_every_byte() const { return has_every_byte_; }
  /// The control or user-defined token of this name.
  [[nodiscard]] TokenId find_special(std::string_view name) const;
  /// The token for a byte that is part of no other token; the unknown token where there is none;
  /// kNoToken in a byte-level vocabulary that has neither.
  [[nodiscard]] TokenId byte_token(std::uint8_t byte) const { return byte_tokens_[byte]; }

  /// A token that separates turns or texts. Only markup may write one. Other
  /// user-defined tokens are part of plain text: the model saw them there.
  [[nodiscard]] bool is_markup(TokenId token) const {
    return kind(token) == TokenKind::control ||
           (contains(token) && (token == bos_ || is_end(token)));
  }
  /// Control and user-defined tokens with a name, sorted by name.
  [[nodiscard]] const std::vector<TokenId>& specials() const { return specials_; }

  [[nodiscard]] TokenId bos() const { return bos_; }
  [[nodiscard]] TokenId eos() const { return eos_; }
  [[nodiscard]] TokenId unknown() const { return unknown_; }
  [[nodiscard]] bool adds_bos() const { return adds_bos_; }
  [[nodiscard]] bool adds_eos() const { return adds_eos_; }
  [[nodiscard]] bool is_end(TokenId token) const;
  [[nodiscard]] bool is_control(TokenId token) const { return kind(token) == TokenKind::control; }
  /// What was wrong and read all the same, a line each, for the user.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  void add_note(std::string note) { notes_.push_back(std::move(note)); }
  /// Is it cut out of a text before the rest is encoded?
  [[nodiscard]] bool is_special(TokenId token) const {
    const TokenKind its = kind(token);
    return its == TokenKind::control || its == TokenKind::user_defined;
  }

 private:
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };

  Vocabulary() = default;
  friend class VocabularyReader;

  std::vector<char> bytes_;  ///< all pieces, one after another
  std::vector<Range> ranges_;
  std::vector<TokenKind> kinds_;
  std::vector<float> scores_;
  TextIndex by_text_;              ///< what text may become
  std::vector<bool> is_found_;     ///< by token: by_text_ gives it
  std::vector<TokenId> specials_;  ///< sorted by name
  std::vector<TokenId> ends_;      ///< sorted
  std::vector<std::string> notes_;
  std::array<TokenId, 256> byte_tokens_{};
  std::uint32_t longest_piece_ = 0;
  TokenId bos_ = kNoToken;
  TokenId eos_ = kNoToken;
  TokenId unknown_ = kNoToken;
  bool adds_bos_ = false;
  bool adds_eos_ = false;
  bool has_every_byte_ = false;
};

}  // namespace blue::text
