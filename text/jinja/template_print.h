// Values as text: what {{ }} prints, Python's repr of an entry of a list, and JSON as
// transformers' tojson writes it. Depends on text/jinja. Pure functions but for what they spend;
// any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "text/jinja/template_budget.h"
#include "text/jinja/template_value.h"

namespace blue::text::jinja {

/// What {{ }} prints; errors: bad_template for a function or generator, whose text no template
/// means.
Result<Text> printed(const Value& value, const Site& site);
/// As inside a printed list: strings in quotes.
Result<Text> represented(const Value& value, const Site& site);

struct JsonStyle {
  enum class NonAscii : std::uint8_t { as_is, escaped };
  NonAscii non_ascii = NonAscii::as_is;
  enum class Keys : std::uint8_t { as_given, sorted };
  Keys keys = Keys::as_given;
  std::optional<std::string> indent;  ///< per level
  std::string between_entries = ", ";
  std::string behind_key = ": ";
};

/// json.dumps. Errors: bad_template for what JSON cannot hold, such as undefined.
Result<Text> to_json(const Value& value, const JsonStyle& style, const Site& site);

/// repr(float): the shortest digits that read back the same.
std::string real_text(double value);

}  // namespace blue::text::jinja
