// Cuts a chat template into tokens: stretches of text (whitespace control already done) and the
// inside of tags. Depends on base and text/text_error.h. Pure function; any thread. Tokens own
// their texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/text_error.h"

namespace blue::text::jinja {

enum class TokenKind : std::uint8_t {
  text,         ///< outside tags
  begin_print,  ///< {{
  end_print,    ///< }}
  begin_block,  ///< {%
  end_block,    ///< %}
  name,
  string,   ///< `text`: what is between the quotes, escapes resolved
  integer,  ///< digits, underscores gone
  real,     ///< likewise, with a point or an exponent
  symbol,   ///< an operator or bracket
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t line = 0;
  std::string text;
};

/// Ends with a token of kind `end`. Errors: bad_template naming the line.
Result<std::vector<Token>> tokenize_template(std::string_view jinja);

/// bad_template: "chat template, line N: what".
Error template_error(std::uint32_t line, const std::string& what);

}  // namespace blue::text::jinja
