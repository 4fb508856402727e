#include "models/tokenizer/byte_level_tokenizer.h"

#include "models/tokenizer/merge_queue.h"

namespace blue::models {

Result<std::unique_ptr<Tokenizer>> ByteLevelTokenizer::from_gguf(const GgufFile& file) {
  // Files from before the key existed are GPT-2's.
  Result<WordSplitter> splitter = WordSplitter::create(file.text("tokenizer.ggml.pre").value_or("default"));
  if (!splitter) return std::move(splitter).error().within(file.path());
  BLUE_TRY_ASSIGN(Vocabulary vocabulary, Vocabulary::from_gguf(file, Spelling::byte_level));
  BLUE_TRY_ASSIGN(MergeTable merges, MergeTable::from_gguf(file, vocabulary));
  return std::unique_ptr<Tokenizer>(
      new ByteLevelTokenizer(std::move(vocabulary), std::move(merges), std::move(splitter).value()));
}

Status ByteLevelTokenizer::encode_plain(std::string_view text, std::vector<TokenId>& out) const {
  std::vector<std::string_view> words;
  BLUE_TRY(splitter_.split(text, words));
  MergeQueue queue;
  for (const std::string_view word : words) {
    queue.clear();
    for (const char c : word) queue.add(1, vocabulary().byte_token(static_cast<std::uint8_t>(c)));
    queue.merge([this](const MergeQueue::Symbol& left, const MergeQueue::Symbol& right) {
      return merges_.find(left.token, right.token);
    });
    queue.for_each([&](const MergeQueue::Symbol& symbol) { out.push_back(symbol.token); });
  }
  return {};
}

}  // namespace blue::models
