// Characters as Python's str sees them: code points of UTF-8, what counts as white space, upper and
// lower case. Depends on the standard library alone. Pure functions; any thread. Bytes that are no
// UTF-8 count as one character each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace blue::text::jinja {

struct Character {
  char32_t code = 0;
  std::size_t n_bytes = 1;
  bool is_whole = true;  ///< false: a byte that is no UTF-8
};

/// The character that begins at byte `at`, which is inside.
Character character_at(std::string_view bytes, std::size_t at);
/// The byte at which the character before byte `end` begins; `end` > 0.
std::size_t character_before(std::string_view bytes, std::size_t end);
std::size_t count_characters(std::string_view bytes);
/// The byte at which character `n` begins; the size of `bytes` beyond the last.
std::size_t byte_of_character(std::string_view bytes, std::size_t n);

void append_utf8(std::string& out, char32_t code);

/// str.isspace
bool is_white(char32_t code);
/// str.isprintable, of what is likely in a text.
bool is_printable(char32_t code);
bool is_upper(char32_t code);
bool is_lower(char32_t code);
bool is_letter(char32_t code);
bool is_digit(char32_t code);

enum class Case : std::uint8_t { upper, lower };
/// A character in that case, which may be several.
void append_cased(std::string& out, char32_t code, Case to);

}  // namespace blue::text::jinja
