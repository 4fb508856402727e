#include "text/tokenizer/byte_level_tokenizer.h"

#include "text/tokenizer/merge_queue.h"
#include "text/tokenizer/nfc.h"
#include "text/tokenizer/word_memory.h"

namespace blue::text {

namespace {

constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";

Result<const PreTokenizer*> choose_pre_tokenizer(const Metadata& metadata,
                                                 std::string_view asked_for) {
  constexpr std::string_view kKey = "tokenizer.ggml.pre";
  // Files from before the key existed name none.
  const std::string_view name =
      !asked_for.empty() ? asked_for : metadata.text(kKey).value_or("default");
  if (const PreTokenizer* pre = find_pre_tokenizer(name)) return pre;
  return Error(TextError::unsupported_tokenizer,
               metadata.path() + ": pre-tokenizer \"" + std::string(name) +
                   "\" is not supported; name the one that the model was trained with by --pre "
                   "NAME (" +
                   known_pre_tokenizers() + ")");
}

}  // namespace

ByteLevelTokenizer::ByteLevelTokenizer(Vocabulary vocabulary, std::optional<MergeTable> merges,
                                       WordSplitter splitter, const PreTokenizer& pre)
    : Tokenizer(std::move(vocabulary)),
      merges_(std::move(merges)),
      splitter_(std::move(splitter)),
      pre_(&pre) {
  MergeQueue queue;
  if (!this->vocabulary().has_every_byte()) encode_word(kReplacementCharacter, queue, replacement_);
}

Result<std::unique_ptr<Tokenizer>> ByteLevelTokenizer::from_metadata(
    const Metadata& metadata, const TokenizerOptions& options) {
  BLUE_TRY_ASSIGN(const PreTokenizer* pre, choose_pre_tokenizer(metadata, options.pre_tokenizer));
  Result<WordSplitter> splitter = WordSplitter::create(*pre);
  if (!splitter) return std::move(splitter).error().within(metadata.path());
  BLUE_TRY_ASSIGN(Vocabulary vocabulary,
                  Vocabulary::from_metadata(
                      metadata, {.spelling = Spelling::byte_level, .adds_bos = pre->adds_bos}));
  std::optional<MergeTable> merges;
  if (metadata.has(MergeTable::kKey)) {
    BLUE_TRY_ASSIGN(merges, MergeTable::from_metadata(metadata, vocabulary));
    if (merges->n_skipped() > 0) vocabulary.add_note(merges->skipped_note());
  }
  return std::unique_ptr<Tokenizer>(new ByteLevelTokenizer(std::move(vocabulary), std::move(merges),
                                                           std::move(splitter).value(), *pre));
}

Status ByteLevelTokenizer::encode_plain(std::string_view text, std::vector<TokenId>& out) const {
  std::string normal;
  if (pre_->normalizes) text = normalized_nfc(text, normal);
  std::vector<std::string_view> words;
  BLUE_TRY(splitter_.split(text, words));
  MergeQueue queue;
  WordMemory memory(text.size(), out);
  for (const std::string_view word : words) {
    if (word.size() == 1) {
      append_byte(static_cast<unsigned char>(word[0]), out);
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
  queue.for_each([&](const MergeQueue::Symbol& symbol) {
    if (symbol.token != kNoToken) {
      out.push_back(symbol.token);
    } else {
      append_byte(static_cast<unsigned char>(word[symbol.begin]), out);
    }
  });
}

void ByteLevelTokenizer::append_byte(unsigned char byte, std::vector<TokenId>& out) const {
  const TokenId token = vocabulary().byte_token(byte);
  if (token != kNoToken) {
    out.push_back(token);
  } else {
    out.insert(out.end(), replacement_.begin(), replacement_.end());
  }
}

}  // namespace blue::text
