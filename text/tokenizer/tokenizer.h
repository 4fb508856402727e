// Tokenizer: text to token ids and back, from the vocabulary inside a GGUF file. Three kinds:
// SentencePiece-BPE (`llama`), SentencePiece-unigram (`t5`) and byte-level BPE (`gpt2`, with the
// pre-tokenizers of pre_tokenizers.h). Depends on base, text/chat_piece.h (and
// PCRE2 inside its own files). Immutable after construction; any thread. Encoding allocates; it
// belongs to no token loop.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "text/chat_piece.h"
#include "text/tokenizer/metadata.h"
#include "text/tokenizer/vocabulary.h"

namespace blue::text {

enum class SpecialTokens : std::uint8_t {
  as_text,  ///< "<|im_end|>" is ten characters
  parse,    ///< "<|im_end|>" is one token
};

/// What a caller sets where a file lacks it or has it wrong.
struct TokenizerOptions {
  std::string pre_tokenizer;  ///< instead of `tokenizer.ggml.pre`; empty: the file's
};

class Tokenizer {
 public:
  static constexpr std::size_t kMaxTextBytes = std::size_t{1} << 30;

  /// Errors: unsupported_tokenizer (none in the file, or of another kind), missing_key, malformed.
  static Result<std::unique_ptr<Tokenizer>> from_metadata(const Metadata& metadata,
                                                          const TokenizerOptions& options = {});

  virtual ~Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// The ids of `text` alone: no BOS, no EOS. Any bytes are taken, UTF-8 or not, and decode gives
  /// them back as they were, except: what a vocabulary without byte tokens cannot write becomes
  /// unknown tokens, and a unigram model's own normalisation (unigram_tokenizer.h) stays done. Time
  /// grows with n·log n of the text's bytes. As the field does it, user-defined tokens (`<think>`)
  /// are recognised in any text; those that end or begin a text or a turn (Vocabulary::is_markup)
  /// only where `special` asks for it. Errors: text_too_long over kMaxTextBytes.
  [[nodiscard]] Result<std::vector<TokenId>> encode(std::string_view text,
                                                    SpecialTokens special) const;

  /// The ids of a rendered chat. Special tokens are recognised only inside markup; each stretch
  /// between specials is encoded as a whole, across the borders of pieces, as the model saw it in
  /// training.
  [[nodiscard]] Result<std::vector<TokenId>> encode_pieces(std::span<const ChatPiece> pieces) const;

  /// The text of a whole sequence: each space that encode put in front of plain text is taken off,
  /// control tokens are left out.
  [[nodiscard]] std::string decode(std::span<const TokenId> tokens) const;

  /// The bytes of one token in running text (a control token: its name). Empty for an
  /// id outside the vocabulary.
  [[nodiscard]] std::string_view piece(TokenId token) const { return vocabulary_.piece(token); }
  [[nodiscard]] const Vocabulary& vocabulary() const { return vocabulary_; }
  [[nodiscard]] std::uint32_t n_vocab() const { return vocabulary_.size(); }

  /// kNoToken when the vocabulary has none.
  [[nodiscard]] TokenId bos() const { return vocabulary_.bos(); }
  [[nodiscard]] TokenId eos() const { return vocabulary_.eos(); }
  [[nodiscard]] bool adds_bos() const { return vocabulary_.adds_bos(); }
  [[nodiscard]] bool adds_eos() const { return vocabulary_.adds_eos(); }
  /// Does this token end a generation (EOS, end of turn, end of message)?
  [[nodiscard]] bool is_end(TokenId token) const { return vocabulary_.is_end(token); }
  /// A token that is never text: not shown.
  [[nodiscard]] bool is_control(TokenId token) const { return vocabulary_.is_control(token); }
  /// What of the vocabulary was wrong and read all the same, a line each, for the user.
  [[nodiscard]] std::span<const std::string> notes() const { return vocabulary_.notes(); }
  /// The special (control or user-defined) token written exactly so; kNoToken when none is.
  [[nodiscard]] TokenId find_special(std::string_view text) const {
    return vocabulary_.find_special(text);
  }

  /// Does encode put a space in front of plain text, where it begins and after each special token?
  [[nodiscard]] virtual bool adds_space_prefix() const { return false; }
  /// The bytes that `token` shows; none for a control token. `is_at_beginning`: plain text
  /// begins here, so that the space in front is dropped; updated for the next token.
  [[nodiscard]] std::string_view shown(TokenId token, bool& is_at_beginning) const;

 protected:
  explicit Tokenizer(Vocabulary vocabulary);

  /// Appends the ids of `text`, in which nothing is special. Neither is empty nor longer than
  /// kMaxTextBytes.
  virtual Status encode_plain(std::string_view text, std::vector<TokenId>& out) const = 0;

 private:
  /// Bytes of the text up to `end` that have one kind of source.
  struct Run {
    std::size_t end = 0;
    bool is_markup = false;
  };

  Result<std::vector<TokenId>> encode_runs(std::string_view text, std::span<const Run> runs) const;
  /// The longest special token at `at` that may be recognised there; kNoToken when none is.
  [[nodiscard]] TokenId special_at(std::string_view text, std::size_t at, const Run& run) const;

  Vocabulary vocabulary_;
  std::array<bool, 256> may_begin_special_{};
};

}  // namespace blue::text
