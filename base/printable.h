// Text from outside (file names, keys and values of files, model output) made safe to show: no
// byte of it can steer a terminal, and where line breaks are escaped it cannot forge a line.
// Depends on base/utf8.h. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace blue {

enum class LineBreaks : std::uint8_t {
  escaped,  ///< one line: newlines and tabs are written \n and \t
  kept,     ///< running text: newlines and tabs stay
};

/// Escapes what is not for a terminal: C0 controls, DEL, C1 controls (U+0080 to U+009F), line and
/// paragraph separators (U+2028, U+2029), bidirectional overrides and isolates (U+202A to U+202E,
/// U+2066 to U+2069), and bytes that are not UTF-8. C0 controls and stray bytes become \x1b,
/// characters become \u202e, so that a JSON document without C0 controls stays the same document.
/// Everything else is kept as it is, backslashes too.
std::string printable(std::string_view text, LineBreaks line_breaks = LineBreaks::escaped);

/// One line of at most about `max_bytes`: printable, and where that is longer the middle is
/// replaced by a count of what was cut; beginning and end stay, since the end of a message has the
/// reason.
std::string printable_line(std::string_view text, std::size_t max_bytes);

/// How many bytes at the end of `text` begin an unfinished character.
std::size_t unfinished_character(std::string_view text);

}  // namespace blue
