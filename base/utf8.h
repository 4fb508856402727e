// UTF-8, byte by byte: how long a character is, and whether it is one. Depends on the standard
// library alone. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace blue {

/// Bytes that a character with this first byte has; 0 for a byte that begins none.
inline std::size_t utf8_expected(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

/// May `byte` be at index 1 of a character that begins with `first`? (No overlong forms,
/// surrogates, or beyond U+10FFFF.)
inline bool utf8_is_second(unsigned char first, unsigned char byte) {
  const unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  return byte >= least && byte <= most;
}

/// How many of the character's bytes are there and right: the whole character, or fewer where
/// `text` ends or goes wrong. 0 where no character begins.
inline std::size_t utf8_valid_prefix(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t expected = utf8_expected(first);
  std::size_t n = expected == 0 ? 0 : 1;
  while (n < expected && n < text.size()) {
    const auto byte = static_cast<unsigned char>(text[n]);
    if (n == 1 ? !utf8_is_second(first, byte) : (byte & 0xc0) != 0x80) break;
    ++n;
  }
  return n;
}

/// Bytes of the whole character at the front; 0 when there is none.
inline std::size_t utf8_character(std::string_view text) {
  const std::size_t n = utf8_valid_prefix(text);
  return n != 0 && n == utf8_expected(static_cast<unsigned char>(text[0])) ? n : 0;
}

}  // namespace blue
