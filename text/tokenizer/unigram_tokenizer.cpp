#include "text/tokenizer/unigram_tokenizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/utf8.h"
#include "text/tokenizer/space_words.h"
#include "text/tokenizer/word_memory.h"

namespace blue::text {
namespace {

/// How much worse than the worst piece a character is that no piece covers.
constexpr double kUnknownPenalty = 10;
constexpr double kUnreached = -std::numeric_limits<double>::infinity();
constexpr std::string_view kSpaceMark = "\xe2\x96\x81";

/// Bytes of the character at the front, or 1 where none is.
std::size_t character_size(std::string_view text) {
  return std::max<std::size_t>(1, utf8_character(text));
}

Result<std::optional<Charsmap>> read_charsmap(const Metadata& metadata) {
  constexpr std::string_view kKey = "tokenizer.ggml.precompiled_charsmap";
  if (!metadata.has(kKey)) return std::optional<Charsmap>();
  BLUE_TRY_ASSIGN(const std::vector<std::int64_t> bytes, metadata.expect_integers(kKey));
  if (bytes.empty()) return std::optional<Charsmap>();
  std::string blob;
  blob.reserve(bytes.size());
  for (const std::int64_t byte : bytes) blob.push_back(static_cast<char>(byte));
  BLUE_TRY_ASSIGN(Charsmap map, Charsmap::parse(std::move(blob), metadata.path() + ": key \"" +
                                                                     std::string(kKey) + "\""));
  return std::optional<Charsmap>(std::move(map));
}

}  // namespace

UnigramTokenizer::UnigramTokenizer(Vocabulary vocabulary, Normalisation normalisation)
    : Tokenizer(std::move(vocabulary)),
      normalisation_(std::move(normalisation)),
      has_space_words_(has_space_words(this->vocabulary())) {
  double worst = 0;
  for (std::uint32_t i = 0; i < this->vocabulary().size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    // User-defined tokens have been cut out of the text before.
    if (this->vocabulary().kind(token) != TokenKind::normal) continue;
    pieces_.insert(this->vocabulary().piece(token), token);
    worst = std::min(worst, static_cast<double>(this->vocabulary().score(token)));
  }
  unknown_score_ = worst - kUnknownPenalty;
}

Result<std::unique_ptr<Tokenizer>> UnigramTokenizer::from_metadata(const Metadata& metadata) {
  BLUE_TRY_ASSIGN(
      Vocabulary vocabulary,
      Vocabulary::from_metadata(
          metadata, {.spelling = Spelling::sentencepiece, .adds_eos = true, .default_eos = 1}));
  for (std::uint32_t i = 0; i < vocabulary.size(); ++i) {
    if (!std::isfinite(vocabulary.score(static_cast<TokenId>(i)))) {
      return Error(TextError::malformed, metadata.path() +
                                             ": key \"tokenizer.ggml.scores\" gives token " +
                                             std::to_string(i) + " an infinite score");
    }
  }
  Normalisation normalisation;
  BLUE_TRY_ASSIGN(normalisation.charsmap, read_charsmap(metadata));
  normalisation.adds_space_prefix =
      metadata.flag("tokenizer.ggml.add_space_prefix").value_or(false);
  normalisation.removes_extra_spaces =
      metadata.flag("tokenizer.ggml.remove_extra_whitespaces").value_or(false);
  return std::unique_ptr<Tokenizer>(
      new UnigramTokenizer(std::move(vocabulary), std::move(normalisation)));
}

std::string UnigramTokenizer::normalise(std::string_view text) const {
  std::string out;
  out.reserve(text.size() + 1);
  if (normalisation_.adds_space_prefix) out.push_back(' ');
  const bool keeps_space_mark = vocabulary().has_every_byte();
  bool drops_spaces = normalisation_.removes_extra_spaces;
  while (!text.empty()) {
    Charsmap::Match match;
    if (normalisation_.charsmap) match = normalisation_.charsmap->find(text);
    if (match.size == 0) {
      match.size = character_size(text);
      match.replacement = text.substr(0, match.size);
      if (!keeps_space_mark && match.replacement == kSpaceMark) match.replacement = " ";
    }
    text.remove_prefix(match.size);
    if (drops_spaces) {
      match.replacement.remove_prefix(
          std::min(match.replacement.find_first_not_of(' '), match.replacement.size()));
    }
    if (match.replacement.empty()) continue;
    out += match.replacement;
    drops_spaces = normalisation_.removes_extra_spaces && out.back() == ' ';
  }
  // Also the space in front, when nothing follows it.
  if (normalisation_.removes_extra_spaces) out.resize(out.find_last_not_of(' ') + 1);
  return out;
}

Status UnigramTokenizer::encode_plain(std::string_view text, std::vector<TokenId>& out) const {
  const std::string normal = normalise(text);
  const std::size_t begin = out.size();
  std::vector<Step> steps;
  WordMemory memory(normal.size(), out);
  for (std::string_view rest = normal; !rest.empty();) {
    const std::string_view word = has_space_words_ ? rest.substr(0, space_word(rest)) : rest;
    memory.append(word, [&] { encode_word(word, steps, out); });
    rest.remove_prefix(word.size());
  }
  // A run of unknown characters is one token.
  if (!vocabulary().has_every_byte()) {
    const TokenId unknown = vocabulary().unknown();
    out.erase(std::unique(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
                          [unknown](TokenId a, TokenId b) { return a == b && a == unknown; }),
              out.end());
  }
  return {};
}

void UnigramTokenizer::find_best_steps(std::string_view word, std::vector<Step>& steps) const {
  steps.assign(word.size() + 1, Step{kUnreached, 0, kNoToken});
  steps[0].score = 0;
  for (std::size_t at = 0; at < word.size();) {
    const double score = steps[at].score;
    const std::size_t character = character_size(word.substr(at));
    bool is_covered = false;
    pieces_.for_each_prefix(word.substr(at), [&](std::size_t size, TokenId token) {
      is_covered = is_covered || size == character;
      const double reached = score + static_cast<double>(vocabulary().score(token));
      Step& step = steps[at + size];
      if (reached > step.score) step = {reached, static_cast<std::uint32_t>(size), token};
    });
    Step& next = steps[at + character];
    if (!is_covered && score + unknown_score_ > next.score) {
      next = {score + unknown_score_, static_cast<std::uint32_t>(character), kNoToken};
    }
    at += character;
  }
}

void UnigramTokenizer::encode_word(std::string_view word, std::vector<Step>& steps,
                                   std::vector<TokenId>& out) const {
  find_best_steps(word, steps);
  // Reverses the best path, which is linked from its end: `size` then leads to the next step.
  std::size_t at = word.size();
  Step step = steps[at];
  while (at > 0) {
    const std::size_t before = at - step.size;
    const Step earlier = steps[before];
    steps[before] = step;
    step = earlier;
    at = before;
  }
  while (at < word.size()) {
    if (steps[at].token != kNoToken) {
      out.push_back(steps[at].token);
    } else {
      append_character(word.substr(at, steps[at].size), out);
    }
    at += steps[at].size;
  }
}

void UnigramTokenizer::append_character(std::string_view character,
                                        std::vector<TokenId>& out) const {
  if (!vocabulary().has_every_byte()) {
    out.push_back(vocabulary().unknown());
    return;
  }
  for (const char c : character)
    out.push_back(vocabulary().byte_token(static_cast<std::uint8_t>(c)));
}

}  // namespace blue::text
