#include <algorithm>
#include <limits>
#include <optional>

#include "text/tokenizer/byte_spelling.h"
#include "text/tokenizer/vocabulary.h"

namespace blue::text {
namespace {

/// Names that end a turn or a text wherever they are special tokens; converters often leave their
/// ids out of the keys.
constexpr std::string_view kEndNames[] = {
    "<|end|>",       "<|im_end|>",      "<|eot_id|>",    "<|eom_id|>",
    "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>", "<|return|>",
    "<|call|>",      "<EOT>",           "</s>",          "<｜end▁of▁sentence｜>",
};
/// Texts whose places in the index are fetched together.
constexpr std::size_t kAhead = 32;
constexpr std::string_view kEndKeys[] = {
    "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"};

}  // namespace

/// Builds a Vocabulary from a file, step by step.
class VocabularyReader {
 public:
  VocabularyReader(const Metadata& metadata, const VocabularyKind& kind)
      : metadata_(metadata), kind_(kind) {}

  Result<Vocabulary> read() {
    BLUE_TRY(read_kinds());
    BLUE_TRY(read_scores());
    BLUE_TRY(read_pieces());
    BLUE_TRY(read_ids());
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
    if (!metadata_.has("tokenizer.ggml.token_type")) return {};
    BLUE_TRY_ASSIGN(const std::vector<std::int64_t> kinds,
                    metadata_.expect_integers("tokenizer.ggml.token_type"));
    if (kinds.size() != tokens_.size())
      return malformed("tokenizer.ggml.token_type", count_note(kinds.size()));
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (kinds[i] < 1 || kinds[i] > 6) {
        return malformed(
            "tokenizer.ggml.token_type",
            "gives token " + std::to_string(i) + " the unknown kind " + std::to_string(kinds[i]));
      }
      out_.kinds_[i] = static_cast<TokenKind>(kinds[i]);
    }
    return {};
  }

  Status read_scores() {
    if (!metadata_.has("tokenizer.ggml.scores")) return {};
    BLUE_TRY_ASSIGN(out_.scores_, metadata_.expect_numbers("tokenizer.ggml.scores"));
    if (out_.scores_.size() != tokens_.size())
      return malformed("tokenizer.ggml.scores", count_note(out_.scores_.size()));
    // A NaN would make the order of merges no order.
    for (float& score : out_.scores_) {
      if (!(score == score)) return malformed("tokenizer.ggml.scores", "holds a NaN");
    }
    return {};
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
      bytes.resize(
          before);  // written with characters that stand for no byte: text can never become it
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

  Result<TokenId> read_id(std::string_view key) const {
    if (!metadata_.has(key)) return kNoToken;
    BLUE_TRY_ASSIGN(const std::uint64_t id, metadata_.expect_unsigned(key));
    // Converters write 2^32 - 1 for "none".
    if (id == std::numeric_limits<std::uint32_t>::max()) return kNoToken;
    if (id >= tokens_.size()) {
      return malformed(key, "names token " + std::to_string(id) + " of a vocabulary of " +
                                std::to_string(tokens_.size()));
    }
    return static_cast<TokenId>(id);
  }

  Status read_ids() {
    BLUE_TRY_ASSIGN(out_.bos_, read_id("tokenizer.ggml.bos_token_id"));
    BLUE_TRY_ASSIGN(out_.eos_, read_id("tokenizer.ggml.eos_token_id"));
    BLUE_TRY_ASSIGN(out_.unknown_, read_id("tokenizer.ggml.unknown_token_id"));
    for (const std::string_view key : kEndKeys) {
      BLUE_TRY_ASSIGN(const TokenId end, read_id(key));
      if (end != kNoToken) out_.ends_.push_back(end);
    }
    if (out_.unknown_ == kNoToken) {
      const auto at = std::find(out_.kinds_.begin(), out_.kinds_.end(), TokenKind::unknown);
      if (at != out_.kinds_.end()) out_.unknown_ = static_cast<TokenId>(at - out_.kinds_.begin());
    }
    return {};
  }

  void collect_specials() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const bool is_special =
          out_.kinds_[i] == TokenKind::control || out_.kinds_[i] == TokenKind::user_defined;
      if (is_special && out_.ranges_[i].size > 0) out_.specials_.push_back(static_cast<TokenId>(i));
    }
    std::stable_sort(out_.specials_.begin(), out_.specials_.end(),
                     [this](TokenId a, TokenId b) { return out_.piece(a) < out_.piece(b); });
    for (const std::string_view name : kEndNames) {
      const TokenId end = out_.find_special(name);
      if (end != kNoToken) out_.ends_.push_back(end);
    }
    std::sort(out_.ends_.begin(), out_.ends_.end());
    out_.ends_.erase(std::unique(out_.ends_.begin(), out_.ends_.end()), out_.ends_.end());
  }

  Status collect_bytes() {
    out_.byte_tokens_.fill(kNoToken);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (out_.kinds_[i] != TokenKind::byte || out_.ranges_[i].size != 1) continue;
      TokenId& slot =
          out_.byte_tokens_[static_cast<std::uint8_t>(out_.bytes_[out_.ranges_[i].begin])];
      if (slot == kNoToken) slot = static_cast<TokenId>(i);
    }
    out_.has_every_byte_ = true;
    for (std::size_t byte = 0; byte < out_.byte_tokens_.size(); ++byte) {
      TokenId& slot = out_.byte_tokens_[byte];
      const char text = static_cast<char>(byte);
      if (slot == kNoToken) slot = out_.find_text({&text, 1});
      if (slot == kNoToken) out_.has_every_byte_ = false;
      if (slot == kNoToken) slot = out_.unknown_;
      if (slot == kNoToken) {
        return Error(TextError::unsupported_tokenizer,
                     metadata_.path() + ": the vocabulary has no token for byte " +
                         std::to_string(byte) +
                         " and no unknown token to take its place; take another model");
      }
    }
    return {};
  }

  const Metadata& metadata_;
  VocabularyKind kind_;
  std::vector<std::string_view> tokens_;
  std::vector<bool> is_text_;
  Vocabulary out_;
};

Result<Vocabulary> Vocabulary::from_metadata(const Metadata& metadata, const VocabularyKind& kind) {
  return VocabularyReader(metadata, kind).read();
}

}  // namespace blue::text
