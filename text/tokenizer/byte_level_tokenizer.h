// Byte-level BPE (`tokenizer.ggml.model` = gpt2): the text is cut into words, each word's bytes
// merge by rank. A vocabulary without a list of merges is tiktoken's: the token with the lowest
// number forms first. Depends on text/tokenizer. Immutable; any thread.
#pragma once

#include <optional>
#include <vector>

#include "text/tokenizer/merge_table.h"
#include "text/tokenizer/tokenizer.h"
#include "text/tokenizer/word_splitter.h"

namespace blue::text {

class ByteLevelTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> from_metadata(const Metadata& metadata,
                                                          const TokenizerOptions& options);

 private:
  ByteLevelTokenizer(Vocabulary vocabulary, std::optional<MergeTable> merges, WordSplitter splitter,
                     const PreTokenizer& pre);

  Status encode_plain(std::string_view text, std::vector<TokenId>& out) const override;
  void encode_word(std::string_view word, MergeQueue& queue, std::vector<TokenId>& out) const;
  void append_byte(unsigned char byte, std::vector<TokenId>& out) const;

  std::optional<MergeTable> merges_;
  WordSplitter splitter_;
  const PreTokenizer* pre_;
  std::vector<TokenId> replacement_;  ///< U+FFFD, for a byte without a token
};

}  // namespace blue::text
