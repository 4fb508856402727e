// SentencePiece-BPE (`tokenizer.ggml.model` = llama): neighbours whose joined text is a token
// merge, the best score first; what remains and is no token becomes byte tokens. U+2581 in a
// text is written with byte tokens, and decodes to itself; in a vocabulary that lacks them it is a
// space. Depends on text/tokenizer. Immutable; any thread.
#pragma once

#include "text/tokenizer/merge_queue.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::text {

class SentencepieceTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> from_metadata(const Metadata& metadata);

  [[nodiscard]] bool adds_space_prefix() const override { return adds_space_prefix_; }

 private:
  SentencepieceTokenizer(Vocabulary vocabulary, bool adds_space_prefix);

  Status encode_plain(std::string_view text, std::vector<TokenId>& out) const override;
  void encode_word(std::string_view word, MergeQueue& queue, std::vector<TokenId>& out) const;
  void append_characters(std::string_view text, std::vector<TokenId>& out) const;

  bool adds_space_prefix_;
  bool has_space_words_;
};

}  // namespace blue::text
