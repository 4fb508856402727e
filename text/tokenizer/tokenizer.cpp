#include "text/tokenizer/tokenizer.h"

#include <algorithm>

#include "text/tokenizer/byte_level_tokenizer.h"
#include "text/tokenizer/sentencepiece_tokenizer.h"
#include "text/tokenizer/unigram_tokenizer.h"

namespace blue::text {

Tokenizer::Tokenizer(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {
  for (const TokenId token : vocabulary_.specials()) {
    may_begin_special_[static_cast<unsigned char>(vocabulary_.piece(token)[0])] = true;
  }
}

Result<std::unique_ptr<Tokenizer>> Tokenizer::from_metadata(const Metadata& metadata,
                                                            const TokenizerOptions& options) {
  const std::optional<std::string_view> model = metadata.text("tokenizer.ggml.model");
  if (!model || *model == "none" || *model == "no_vocab") {
    return Error(TextError::unsupported_tokenizer,
                 metadata.path() +
                     ": the model has no vocabulary; feed token ids, or take a model with one");
  }
  if (*model == "llama") return SentencepieceTokenizer::from_metadata(metadata);
  if (*model == "t5") return UnigramTokenizer::from_metadata(metadata);
  if (*model == "gpt2") return ByteLevelTokenizer::from_metadata(metadata, options);
  return Error(TextError::unsupported_tokenizer,
               metadata.path() + ": tokenizer \"" + std::string(*model) +
                   "\" is not supported (llama, t5 and gpt2 are); take another model");
}

Result<std::vector<TokenId>> Tokenizer::encode(std::string_view text, SpecialTokens special) const {
  const Run run{text.size(), special == SpecialTokens::parse};
  return encode_runs(text, {&run, 1});
}

Result<std::vector<TokenId>> Tokenizer::encode_pieces(std::span<const ChatPiece> pieces) const {
  std::string text;
  std::vector<Run> runs;
  for (const ChatPiece& piece : pieces) {
    if (piece.text.empty()) continue;
    text += piece.text;
    const bool is_markup = piece.origin == ChatPiece::Origin::markup;
    if (runs.empty() || runs.back().is_markup != is_markup) runs.push_back({0, is_markup});
    runs.back().end = text.size();
  }
  return encode_runs(text, runs);
}

TokenId Tokenizer::special_at(std::string_view text, std::size_t at, const Run& run) const {
  // Narrows the sorted names byte by byte: of those that share a beginning the shortest is first.
  const std::vector<TokenId>& names = vocabulary_.specials();
  auto begin = names.begin();
  auto end = names.end();
  TokenId best = kNoToken;
  for (std::size_t depth = 0; at + depth < text.size(); ++depth) {
    const auto byte = static_cast<unsigned char>(text[at + depth]);
    const auto byte_of = [&](TokenId token) {
      const std::string_view name = vocabulary_.piece(token);
      return depth < name.size() ? static_cast<int>(static_cast<unsigned char>(name[depth])) : -1;
    };
    begin = std::partition_point(begin, end, [&](TokenId token) { return byte_of(token) < byte; });
    end = std::partition_point(begin, end, [&](TokenId token) { return byte_of(token) <= byte; });
    if (begin == end) break;
    if (vocabulary_.piece(*begin).size() != depth + 1) continue;
    const bool is_allowed =
        !vocabulary_.is_markup(*begin) || (run.is_markup && at + depth < run.end);
    if (is_allowed) best = *begin;
  }
  return best;
}

Result<std::vector<TokenId>> Tokenizer::encode_runs(std::string_view text,
                                                    std::span<const Run> runs) const {
  if (text.size() > kMaxTextBytes) {
    return Error(TextError::text_too_long, "a text of " + std::to_string(text.size()) +
                                               " bytes is over the limit of " +
                                               std::to_string(kMaxTextBytes) + "; shorten it");
  }
  std::vector<TokenId> out;
  std::size_t plain_begin = 0;
  const auto flush_plain = [&](std::size_t end) -> Status {
    if (end == plain_begin) return {};
    return encode_plain(text.substr(plain_begin, end - plain_begin), out);
  };
  std::size_t at = 0;
  for (const Run& run : runs) {
    while (at < run.end) {
      TokenId token = kNoToken;
      if (may_begin_special_[static_cast<unsigned char>(text[at])])
        token = special_at(text, at, run);
      if (token == kNoToken) {
        ++at;
        continue;
      }
      BLUE_TRY(flush_plain(at));
      out.push_back(token);
      at += vocabulary_.piece(token).size();
      plain_begin = at;
    }
  }
  BLUE_TRY(flush_plain(text.size()));
  return out;
}

std::string_view Tokenizer::shown(TokenId token, bool& is_at_beginning) const {
  std::string_view piece = vocabulary_.piece(token);
  if (vocabulary_.is_special(token)) {
    is_at_beginning = adds_space_prefix();
    return is_control(token) ? std::string_view() : piece;
  }
  if (is_at_beginning && piece.substr(0, 1) == " ") piece.remove_prefix(1);
  is_at_beginning = false;
  return piece;
}

std::string Tokenizer::decode(std::span<const TokenId> tokens) const {
  std::string out;
  bool is_at_beginning = adds_space_prefix();
  for (const TokenId token : tokens) out += shown(token, is_at_beginning);
  return out;
}

}  // namespace blue::text
