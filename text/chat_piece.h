// ChatPiece: a stretch of a rendered prompt with its origin. The tokenizer
// recognises special tokens in markup alone, so that a user's text can never end a turn or open
// another role's. Depends on the standard library alone. Plain value; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace blue::text {

struct ChatPiece {
  enum class Origin : std::uint8_t {
    markup,   ///< written by the template's author (or a role's name, which is checked)
    content,  ///< from a message
  };
  std::string text;
  Origin origin = Origin::content;
};

}  // namespace blue::text
