// The names of tokens that end a turn, a message or a text. Converters often leave such a token's
// id out of the keys, or give it another type than "control"; its name is then all there is.
// Depends on base/id.h. Pure functions; any thread.
// Source: llama.cpp v0.5.0, src/llama-vocab.cpp, the names that end a generation.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/id.h"

namespace blue::text {

/// The tokens of a vocabulary that end a generation by their names as the file writes them, in
/// ascending order. Of two tokens with one name, both.
std::vector<TokenId> end_tokens_by_name(std::span<const std::string_view> tokens);

}  // namespace blue::text
