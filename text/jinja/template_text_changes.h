// What methods and filters of strings make of one: stripped, replaced, in another case, split.
// Every byte keeps its origin. Depends on text/jinja. Pure functions, but for what replaced()
// spends; the caller accounts for the others. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "text/jinja/template_budget.h"
#include "text/jinja/template_value.h"

namespace blue::text::jinja {

/// Without the given characters at its ends; white space where `characters` is null.
enum class Side : std::uint8_t { left, right, both };
Text stripped(const Text& text, const Text* characters, Side side);
/// The first `n_most` places of `old`, all where it is negative, made `by`. Errors: too much.
Result<Text> replaced(const Text& text, std::string_view old, const Text& by, std::int64_t n_most,
                      const Site& site);

/// upper, lower, title as str.title has it, capital: the first letter up and the others down.
enum class Casing : std::uint8_t { upper, lower, title, capital, swapped };
Text cased(const Text& text, Casing casing);

/// At most `n_most` cuts, all where it is negative: at runs of white space, at a separator that
/// isn't empty, and from the end.
List split_at_white(const Text& text, std::int64_t n_most);
List split_at(const Text& text, std::string_view separator, std::int64_t n_most);
List split_from_end(const Text& text, std::string_view separator, std::int64_t n_most);

}  // namespace blue::text::jinja
