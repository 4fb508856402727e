#include "models/chat/chat_tokens.h"

#include <ctime>
#include <string>

namespace blue::models {

namespace {

/// For templates that print the date.
std::tm local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm out{};
  localtime_r(&now, &out);
  return out;
}

void put_bos(const text::Tokenizer& tokenizer, std::vector<TokenId>& tokens) {
  const TokenId bos = tokenizer.bos();
  if (!tokenizer.adds_bos() || bos == kNoToken) return;
  if (tokens.empty() || tokens.front() != bos) tokens.insert(tokens.begin(), bos);
}

}  // namespace

Result<std::vector<TokenId>> chat_tokens(const text::Tokenizer& tokenizer, const ChatTemplate& chat,
                                         std::span<const ChatMessage> messages, Thinking thinking) {
  const ChatVariables variables{std::string(tokenizer.piece(tokenizer.bos())),
                                std::string(tokenizer.piece(tokenizer.eos())), thinking,
                                local_time()};
  BLUE_TRY_ASSIGN(const auto pieces, chat.render(messages, GenerationPrompt::yes, variables));
  BLUE_TRY_ASSIGN(std::vector<TokenId> tokens, tokenizer.encode_pieces(pieces));
  put_bos(tokenizer, tokens);
  return tokens;
}

Result<std::vector<TokenId>> bare_tokens(const text::Tokenizer& tokenizer, std::string_view text,
                                         text::SpecialTokens special) {
  BLUE_TRY_ASSIGN(std::vector<TokenId> tokens, tokenizer.encode(text, special));
  put_bos(tokenizer, tokens);
  return tokens;
}

}  // namespace blue::models
