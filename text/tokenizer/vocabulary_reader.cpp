#include <algorithm>
#include <limits>
#include <optional>

#include "text/tokenizer/byte_spelling.h"
#include "text/tokenizer/end_tokens.h"
#include "text/tokenizer/vocabulary.h"

namespace blue::text {
namespace {

/// Texts whose places in the index are fetched together.
constexpr std::size_t kAhead = 32;
constexpr std::string_view kEosKey = "tokenizer.ggml.eos_token_id";
constexpr std::string_view kEndKeys[] = {kEosKey,
                                         "tokenizer.ggml.eot_token_id",
                                         "tokenizer.ggml.eom_token_id",
                                         "tokenizer.ggml.fim_pad_token_id",
                                         "tokenizer.ggml.fim_rep_token_id",
                                         "tokenizer.ggml.fim_sep_token_id"};

/// Bytes that no UTF-8 text holds; vocabularies made from text often have no token for them.
constexpr bool is_outside_utf8(std::size_t byte) {
  return byte == 0xc0 || byte == 0xc1 || byte >= 0xf5;
}

}  // namespace

/// Builds a Vocabulary from a file, step by step.
class VocabularyReader {
 public:
  VocabularyReader(const Metadata& metadata, const VocabularyKind& kind)
      : metadata_(metadata), kind_(kind) {}

  Result<Vocabulary> read() {
    BLUE_TRY(read_kinds());
    mend_kinds();
    BLUE_TRY(read_scores());
    BLUE_TRY(read_pieces());
    read_ids();
    collect_specials();
    index_texts();
    BLUE_TRY(collect_bytes());
    out_.adds_bos_ = metadata_.flag("tokenizer.ggml.add_bos_token").value_or(kind_.adds_bos) &&
                     out_.bos_ != kNoToken;
    out_.adds_eos_ = metadata_.flag("tokenizer.ggml.add_eos_token").value_or(kind_.adds_eos) &&
                     out_.eos_ != kNoToken;
    return std::move(out_);
  }

 private:
  [[nodiscard]] Error malformed(std::string_view key, const std::string& what) const {
    return Error(TextError::malformed,
                 metadata_.path() + ": key \"" + std::string(key) + "\" " + what);
  }

  Status read_kinds() {
    BLUE_TRY_ASSIGN(tokens_, metadata_.expect_texts("tokenizer.ggml.tokens"));
    if (tokens_.empty() ||
        tokens_.size() > static_cast<std::size_t>(std::numeric_limits<TokenId>::max())) {
      return malformed("tokenizer.ggml.tokens",
                       "holds " + std::to_string(tokens_.size()) + " tokens");
    }
    out_.kinds_.assign(tokens_.size(), TokenKind::normal);
    constexpr std::string_view kKey = "tokenizer.ggml.token_type";
    if (!metadata_.has(kKey)) return {};
    const auto kinds = metadata_.integers(kKey);
    if (!kinds) {
      note(kKey, "holds a value of type " + metadata_.type_of(kKey) +
                     " and no integers; every token counts as normal");
      return {};
    }
    if (kinds->size() < tokens_.size()) return malformed(kKey, count_note(kinds->size()));
    if (kinds->size() > tokens_.size()) note(kKey, count_note(kinds->size()));
    std::size_t n_unknown = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const std::int64_t kind = (*kinds)[i];
      const bool is_kind = kind >= 1 && kind <= 6;
      if (is_kind) out_.kinds_[i] = static_cast<TokenKind>(kind);
      if (!is_kind && n_unknown++ == 0) first_unknown_kind_ = i;
    }
    if (n_unknown > 0) {
      note(kKey, "gives " + std::to_string(n_unknown) + " tokens a type that is none, token " +
                     std::to_string(first_unknown_kind_) + " first; they count as normal");
    }
    return {};
  }

  /// Gives tokens that are known by their names the type that a file should have given them.
  void mend_kinds() {
    named_ends_ = end_tokens_by_name(tokens_);
    for (const TokenId end : named_ends_) {
      TokenKind& kind = out_.kinds_[static_cast<std::size_t>(end)];
      if (kind == TokenKind::normal && metadata_.has("tokenizer.ggml.token_type")) {
        out_.add_note("token " + std::to_string(end) + " (" +
                      std::string(tokens_[static_cast<std::size_t>(end)]) +
                      ") ends a turn or a text, though its type is \"normal\"");
      }
      kind = TokenKind::control;
    }
    const bool has_bytes =
        std::find(out_.kinds_.begin(), out_.kinds_.end(), TokenKind::byte) != out_.kinds_.end();
    if (kind_.spelling != Spelling::sentencepiece || has_bytes) return;
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (byte_of_name(tokens_[i])) out_.kinds_[i] = TokenKind::byte;
  }

  Status read_scores() {
    constexpr std::string_view kKey = "tokenizer.ggml.scores";
    auto scores = metadata_.numbers(kKey);
    if (scores && scores->size() < tokens_.size())
      return malformed(kKey, count_note(scores->size()));
    if (scores && scores->size() > tokens_.size()) {
      note(kKey, count_note(scores->size()));
      scores->resize(tokens_.size());
    }
    // A NaN would make the order of merges no order.
    if (scores && std::any_of(scores->begin(), scores->end(), [](float s) { return s != s; }))
      return malformed(kKey, "holds a NaN");
    if (scores) out_.scores_ = *std::move(scores);
    if (scores || kind_.spelling == Spelling::byte_level) return {};
    const bool falls = kind_.unscored == VocabularyKind::Unscored::falling;
    note(kKey, std::string(metadata_.has(kKey) ? "holds no numbers" : "is missing") +
                   (falls ? "; tokens of lower ids merge first" : "; the fewest pieces win"));
    out_.scores_.resize(tokens_.size(), -1.0F);
    for (std::size_t i = 0; falls && i < tokens_.size(); ++i)
      out_.scores_[i] = -static_cast<float>(i);
    return {};
  }

  void note(std::string_view key, const std::string& what) {
    out_.add_note("key \"" + std::string(key) + "\" " + what);
  }

  [[nodiscard]] std::string count_note(std::size_t n) const {
    return "holds " + std::to_string(n) + " values for " + std::to_string(tokens_.size()) +
           " tokens";
  }

  Status read_pieces() {
    out_.ranges_.reserve(tokens_.size());
    is_text_.assign(tokens_.size(), false);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const std::size_t begin = out_.bytes_.size();
      is_text_[i] = append_piece(tokens_[i], out_.kinds_[i]);
      const std::size_t size = out_.bytes_.size() - begin;
      if (out_.bytes_.size() > std::numeric_limits<std::uint32_t>::max()) {
        return malformed("tokenizer.ggml.tokens", "holds more than 4 GiB of text");
      }
      out_.ranges_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(size)});
      out_.longest_piece_ = std::max(out_.longest_piece_, static_cast<std::uint32_t>(size));
    }
    return {};
  }

  /// User-defined tokens are cut out of a text before the rest merges, so that a merge into one
  /// would be an accident; a byte-level file's own merges may still lead through one, but to none
  /// that ends or begins a text.
  void index_texts() {
    out_.by_text_ = TextIndex(tokens_.size());
    out_.is_found_.assign(tokens_.size(), false);
    const auto text_of = [this](TokenId token) { return out_.piece(token); };
    std::array<std::uint64_t, kAhead> hashes{};
    for (std::size_t begin = 0; begin < tokens_.size(); begin += kAhead) {
      const std::size_t end = std::min(begin + kAhead, tokens_.size());
      for (std::size_t i = begin; i < end; ++i) {
        hashes[i - begin] = TextIndex::hash(out_.piece(static_cast<TokenId>(i)));
        out_.by_text_.prefetch(hashes[i - begin]);
      }
      for (std::size_t i = begin; i < end; ++i) {
        const auto token = static_cast<TokenId>(i);
        if (!is_text_[i]) continue;
        const bool is_cut_out =
            out_.kinds_[i] == TokenKind::user_defined &&
            (kind_.spelling == Spelling::sentencepiece || out_.is_markup(token));
        if (!is_cut_out)
          out_.is_found_[i] = out_.by_text_.insert(token, hashes[i - begin], text_of);
      }
    }
  }

  /// Appends the token's bytes in running text. May plain text become this token?
  bool append_piece(std::string_view written, TokenKind kind) {
    std::vector<char>& bytes = out_.bytes_;
    if (kind == TokenKind::byte) {
      if (const std::optional<std::uint8_t> byte = byte_of_name(written)) {
        bytes.push_back(static_cast<char>(*byte));
        return false;
      }
    }
    const bool is_text =
        !written.empty() && (kind == TokenKind::normal || kind == TokenKind::user_defined);
    if (kind_.spelling == Spelling::byte_level && kind == TokenKind::normal) {
      const std::size_t before = bytes.size();
      if (append_spelled_bytes(written, bytes)) return is_text;
      bytes.resize(before);  // characters that mean no byte: text never becomes it
      bytes.insert(bytes.end(), written.begin(), written.end());
      return false;
    }
    if (kind_.spelling == Spelling::sentencepiece && is_text) {
      append_with_spaces(written, bytes);
    } else {
      bytes.insert(bytes.end(), written.begin(), written.end());
    }
    return is_text;
  }

  /// kNoToken, and a note where the key is wrong.
  TokenId read_id(std::string_view key) {
    if (!metadata_.has(key)) return kNoToken;
    const std::optional<std::uint64_t> id = metadata_.unsigned_value(key);
    // Converters write 2^32 - 1 for "none".
    if (id == std::numeric_limits<std::uint32_t>::max()) return kNoToken;
    if (id && *id < tokens_.size()) return static_cast<TokenId>(*id);
    note(key, (id ? "names token " + std::to_string(*id) + " of a vocabulary of " +
                        std::to_string(tokens_.size())
                  : "holds no token's id") +
                  "; it is ignored");
    return kNoToken;
  }

  [[nodiscard]] TokenId control_token(TokenId token) const {
    return out_.kind(token) == TokenKind::control ? token : kNoToken;
  }

  void read_ids() {
    out_.bos_ = read_id("tokenizer.ggml.bos_token_id");
    if (out_.bos_ == kNoToken) out_.bos_ = control_token(kind_.default_bos);
    out_.unknown_ = read_id("tokenizer.ggml.unknown_token_id");
    if (out_.unknown_ == kNoToken) {
      const auto at = std::find(out_.kinds_.begin(), out_.kinds_.end(), TokenKind::unknown);
      if (at != out_.kinds_.end()) out_.unknown_ = static_cast<TokenId>(at - out_.kinds_.begin());
    }
    if (out_.unknown_ == kNoToken && kind_.spelling == Spelling::sentencepiece) {
      const auto at = std::find(tokens_.begin(), tokens_.end(), "<unk>");
      if (at != tokens_.end()) out_.unknown_ = static_cast<TokenId>(at - tokens_.begin());
    }
    out_.ends_ = named_ends_;
    for (const std::string_view key : kEndKeys) {
      TokenId end = read_id(key);
      if (key == kEosKey) {
        if (end == kNoToken) end = control_token(kind_.default_eos);
        // A template still needs the text of an end.
        if (end == kNoToken && metadata_.has(key) && !named_ends_.empty()) end = named_ends_[0];
        out_.eos_ = end;
      }
      if (end != kNoToken) out_.ends_.push_back(end);
    }
    std::sort(out_.ends_.begin(), out_.ends_.end());
    out_.ends_.erase(std::unique(out_.ends_.begin(), out_.ends_.end()), out_.ends_.end());
  }

  void collect_specials() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const bool is_special =
          out_.kinds_[i] == TokenKind::control || out_.kinds_[i] == TokenKind::user_defined;
      if (is_special && out_.ranges_[i].size > 0) out_.specials_.push_back(static_cast<TokenId>(i));
    }
    std::stable_sort(out_.specials_.begin(), out_.specials_.end(),
                     [this](TokenId a, TokenId b) { return out_.piece(a) < out_.piece(b); });
  }

  Status collect_bytes() {
    out_.byte_tokens_.fill(kNoToken);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (out_.kinds_[i] != TokenKind::byte || out_.ranges_[i].size != 1) continue;
      TokenId& slot =
          out_.byte_tokens_[static_cast<std::uint8_t>(out_.bytes_[out_.ranges_[i].begin])];
      if (slot == kNoToken) slot = static_cast<TokenId>(i);
    }
    for (std::size_t byte = 0; byte < out_.byte_tokens_.size(); ++byte) {
      const char text = static_cast<char>(byte);
      if (out_.byte_tokens_[byte] == kNoToken) out_.byte_tokens_[byte] = out_.find_text({&text, 1});
    }
    return replace_missing_bytes();
  }

  Status replace_missing_bytes() {
    const auto has = [this](unsigned byte) { return out_.byte_tokens_[byte] != kNoToken; };
    const bool has_replacement =
        kind_.spelling == Spelling::byte_level && has(0xef) && has(0xbf) && has(0xbd);
    out_.has_every_byte_ = true;
    std::size_t n_missing = 0;  // that a text may hold
    for (std::size_t byte = 0; byte < out_.byte_tokens_.size(); ++byte) {
      TokenId& token = out_.byte_tokens_[byte];
      if (token != kNoToken) continue;
      out_.has_every_byte_ = false;
      token = out_.unknown_;
      if (token == kNoToken && !has_replacement) {
        return Error(TextError::unsupported_tokenizer,
                     metadata_.path() + ": the vocabulary has no token for byte " +
                         std::to_string(byte) +
                         " and no unknown token to take its place; take another model");
      }
      if (token == kNoToken && !is_outside_utf8(byte)) ++n_missing;
    }
    if (n_missing > 0) {
      out_.add_note("the vocabulary has no tokens for " + std::to_string(n_missing) +
                    " bytes; text that needs them becomes U+FFFD");
    }
    return {};
  }

  const Metadata& metadata_;
  VocabularyKind kind_;
  std::vector<std::string_view> tokens_;
  std::vector<TokenId> named_ends_;
  std::size_t first_unknown_kind_ = 0;
  std::vector<bool> is_text_;
  Vocabulary out_;
};

Result<Vocabulary> Vocabulary::from_metadata(const Metadata& metadata, const VocabularyKind& kind) {
  return VocabularyReader(metadata, kind).read();
}

}  // namespace blue::text
