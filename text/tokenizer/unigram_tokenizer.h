// SentencePiece-unigram (`tokenizer.ggml.model` = t5): of all ways to write a text as pieces, the
// one with the highest sum of scores. A character that no piece covers becomes byte
// tokens, or, where the vocabulary lacks them, becomes the unknown token (one for a run of such
// characters). Sums are doubles and of equal sums the first found counts, as llama.cpp has it;
// SentencePiece itself adds floats, whose last bit decides there. Decoding gives the normalised
// text: characters as `precompiled_charsmap` replaces them and, where
// `remove_extra_whitespaces` is set, runs of spaces as one space and none at either end. U+2581 is
// treated as in sentencepiece_tokenizer.h.
// Source: Kudo 2018, Subword Regularization, §3.2; Kudo and Richardson 2018, SentencePiece.
// Depends on text/tokenizer. Immutable; any thread.
#pragma once

#include <optional>
#include <string>

#include "text/tokenizer/charsmap.h"
#include "text/tokenizer/piece_trie.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::text {

class UnigramTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> from_metadata(const Metadata& metadata);

  [[nodiscard]] bool adds_space_prefix() const override { return normalisation_.adds_space_prefix; }

 private:
  struct Normalisation {
    std::optional<Charsmap> charsmap;
    bool adds_space_prefix = false;
    bool removes_extra_spaces = false;
  };
  /// The best way to write the bytes up to here ends with a piece of `size` bytes; token ==
  /// kNoToken: with a character that no piece covers.
  struct Step {
    double score = 0;
    std::uint32_t size = 0;
    TokenId token = kNoToken;
  };

  UnigramTokenizer(Vocabulary vocabulary, Normalisation normalisation);

  Status encode_plain(std::string_view text, std::vector<TokenId>& out) const override;
  [[nodiscard]] std::string normalise(std::string_view text) const;
  void encode_word(std::string_view word, std::vector<Step>& steps,
                   std::vector<TokenId>& out) const;
  void find_best_steps(std::string_view word, std::vector<Step>& steps) const;
  void append_character(std::string_view character, std::vector<TokenId>& out) const;

  Normalisation normalisation_;
  PieceTrie pieces_;
  double unknown_score_ = 0;
  bool has_space_words_;
};

}  // namespace blue::text
