// A conversation or a bare text as a model's prompt tokens, with BOS where the vocabulary asks for
// it. Depends on models/chat/chat_template.h and text/tokenizer. Pure but for the date that a
// template may ask for; any thread.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "models/chat/chat_template.h"
#include "text/tokenizer/tokenizer.h"

namespace blue::models {

/// The conversation through `chat`, up to where the assistant begins. A BOS that the template has
/// written is not doubled. Errors: bad_template, bad_message.
Result<std::vector<TokenId>> chat_tokens(const text::Tokenizer& tokenizer, const ChatTemplate& chat,
                                         std::span<const ChatMessage> messages, Thinking thinking);

/// The text without a template. A BOS that it begins with is not doubled. Errors: prompt_too_long.
Result<std::vector<TokenId>> bare_tokens(const text::Tokenizer& tokenizer, std::string_view text,
                                         text::SpecialTokens special);

}  // namespace blue::models
