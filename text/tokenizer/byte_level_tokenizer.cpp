#include "text/tokenizer/byte_level_tokenizer.h"

#include "text/tokenizer/merge_queue.h"
#include "text/tokenizer/word_memory.h"

namespace blue::text {

Result<std::unique_ptr<Tokenizer>> ByteLevelTokenizer::from_metadata(const Metadata& metadata) {
  // Files from before the key existed are GPT-2's.
  const std::string_view name = metadata.text("tokenizer.ggml.pre").value_or("default");
  const PreTokenizer* pre = find_pre_tokenizer(name);
  if (pre == nullptr) {
    return Error(TextError::unsupported_tokenizer, metadata.path() + ": pre-tokeniser \"" +
                                                       std::string(name) + "\" is not supported (" +
                                                       known_pre_tokenizers() +
                                                       " are); take another model");
  }
  Result<WordSplitter> splitter = WordSplitter::create(*pre);
  if (!splitter) return std::move(splitter).error().within(metadata.path());
  BLUE_TRY_ASSIGN(Vocabulary vocabulary,
                  Vocabulary::from_metadata(
                      metadata, {.spelling = Spelling::byte_level, .adds_bos = pre->adds_bos}));
  std::optional<MergeTable> merges;
  if (metadata.has(MergeTable::kKey)) {
    BLUE_TRY_ASSIGN(merges, MergeTable::from_metadata(metadata, vocabulary));
  }
  return std::unique_ptr<Tokenizer>(new ByteLevelTokenizer(std::move(vocabulary), std::move(merges),
                                                           std::move(splitter).value(), *pre));
}

Status ByteLevelTokenizer::encode_plain(std::string_view text, std::vector<TokenId>& out) const {
  std::vector<std::string_view> words;
  BLUE_TRY(splitter_.split(text, words));
  MergeQueue queue;
  WordMemory memory(text.size(), out);
  for (const std::string_view word : words) {
    if (word.size() == 1) {
      out.push_back(vocabulary().byte_token(static_cast<std::uint8_t>(word[0])));
    } else {
      memory.append(word, [&] { encode_word(word, queue, out); });
    }
  }
  return {};
}

void ByteLevelTokenizer::encode_word(std::string_view word, MergeQueue& queue,
                                     std::vector<TokenId>& out) const {
  if (pre_->takes_whole_words) {
    const TokenId token = vocabulary().find_text(word);
    if (token != kNoToken) {
      out.push_back(token);
      return;
    }
  }
  queue.clear();
  for (const char c : word) queue.add(1, vocabulary().byte_token(static_cast<std::uint8_t>(c)));
  if (merges_) {
    queue.merge([this](const MergeQueue::Symbol& left, const MergeQueue::Symbol& right) {
      return merges_->find(left.token, right.token);
    });
  } else {
    queue.merge(
        [&](const MergeQueue::Symbol& left, const MergeQueue::Symbol& right) -> MergeQueue::Merge {
          const std::uint32_t size = left.size + right.size;
          if (size > vocabulary().longest_piece()) return {};
          const TokenId token = vocabulary().find_text(word.substr(left.begin, size));
          return {static_cast<std::uint32_t>(token), token};
        });
  }
  queue.for_each([&](const MergeQueue::Symbol& symbol) { out.push_back(symbol.token); });
}

}  // namespace blue::text
