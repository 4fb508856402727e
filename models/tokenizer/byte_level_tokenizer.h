// Byte-level BPE (`tokenizer.ggml.model` = gpt2): the text is cut into words, each word's bytes merge by rank.
// Depends on models/tokenizer. Immutable; any thread.
#pragma once

#include "models/tokenizer/merge_table.h"
#include "models/tokenizer/tokenizer.h"
#include "models/tokenizer/word_splitter.h"

namespace blue::models {

class ByteLevelTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<Tokenizer>> from_gguf(const GgufFile& file);

 private:
  ByteLevelTokenizer(Vocabulary vocabulary, MergeTable merges, WordSplitter splitter)
      : Tokenizer(std::move(vocabulary)), merges_(std::move(merges)), splitter_(std::move(splitter)) {}

  Status encode_plain(std::string_view text, std::vector<TokenId>& out) const override;

  MergeTable merges_;
  WordSplitter splitter_;
};

}  // namespace blue::models
