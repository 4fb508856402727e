// Parses the tokens of a chat template into its tree. Depends on text/jinja. Pure function; any
// thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "text/jinja/template_lexer.h"
#include "text/jinja/template_tree.h"

namespace blue::text::jinja {

/// Errors: bad_template for a construct outside the subset, or nested deeper than 100.
Result<Program> parse_tokens(const std::vector<Token>& tokens);

}  // namespace blue::text::jinja
