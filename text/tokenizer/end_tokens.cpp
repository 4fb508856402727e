#include "text/tokenizer/end_tokens.h"

#include <algorithm>
#include <iterator>

namespace blue::text {
namespace {

constexpr std::string_view kNames[] = {
    // ends of turns and texts
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
    "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
    "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
    "<｜end▁of▁sentence｜>", "[e~[",
    // ends of what was asked to be filled in
    "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<|repo_name|>",
    "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>"};

/// Where a vocabulary has the other names, this one ends no generation.
struct Exception {
  std::string_view name;
  std::string_view others[2];  ///< both; an empty one is met
};
constexpr Exception kExceptions[] = {
    {"<|end|>", {"<|return|>", "<|call|>"}},  // harmony: ends a channel, not the answer
    {"<|end|>", {"<|flush|>", "<|calls|>"}},
    {"<|end|>", {"<|flush|>", "<|call|>"}},
    {"<|end|>", {"<|return|>", "<|calls|>"}},
    {"</s>", {"<|tool_response>", ""}},  // Gemma 4: HTML's tag for struck-out text
};

}  // namespace

std::vector<TokenId> end_tokens_by_name(std::span<const std::string_view> tokens) {
  std::vector<TokenId> found;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view token = tokens[i];
    if (token.empty() || (token[0] != '<' && token[0] != '[' && token[0] != '_')) continue;
    if (std::find(std::begin(kNames), std::end(kNames), token) != std::end(kNames))
      found.push_back(static_cast<TokenId>(i));
  }
  const auto has = [&](std::string_view name) {
    return std::any_of(found.begin(), found.end(), [&](TokenId token) {
      return tokens[static_cast<std::size_t>(token)] == name;
    });
  };
  std::vector<std::string_view> excepted;
  for (const Exception& exception : kExceptions) {
    const bool is_met =
        std::all_of(std::begin(exception.others), std::end(exception.others),
                    [&](std::string_view other) { return other.empty() || has(other); });
    if (is_met) excepted.push_back(exception.name);
  }
  std::erase_if(found, [&](TokenId token) {
    return std::find(excepted.begin(), excepted.end(), tokens[static_cast<std::size_t>(token)]) !=
           excepted.end();
  });
  return found;
}

}  // namespace blue::text
