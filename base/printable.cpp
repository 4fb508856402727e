#include "base/printable.h"

#include <algorithm>
#include <cstdio>

#include "base/utf8.h"

namespace blue {

namespace {

char32_t code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0);
  char32_t code = byte(0) & (0xffU >> (character.size() + 1));
  for (std::size_t i = 1; i < character.size(); ++i) code = code << 6 | (byte(i) & 0x3fU);
  return code;
}

bool is_escaped(char32_t code) {
  const auto is_between = [code](char32_t first, char32_t last) {
    return code >= first && code <= last;
  };
  return code < 0x20 || is_between(0x7f, 0x9f) || is_between(0x2028, 0x202e) ||
         is_between(0x2066, 0x2069);
}

void append_escape(std::string& out, const char* format, unsigned code) {
  char escape[16];
  std::snprintf(escape, sizeof escape, format, code);
  out += escape;
}

}  // namespace

std::string printable(std::string_view text, LineBreaks line_breaks) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t n = utf8_character(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(n, 1));
    text.remove_prefix(character.size());
    const char32_t code = code_point(character);
    if (n == 0) {
      append_escape(out, "\\x%02x", code);
    } else if (code == '\n' || code == '\t') {
      if (line_breaks == LineBreaks::kept) {
        out += character;
      } else {
        out += code == '\n' ? "\\n" : "\\t";
      }
    } else if (is_escaped(code)) {
      append_escape(out, code < 0x20 ? "\\x%02x" : "\\u%04x", code);
    } else {
      out += character;
    }
  }
  return out;
}

std::string printable_line(std::string_view text, std::size_t max_bytes) {
  // Escapes only lengthen, so the parts of a long text are cut before they are escaped: a name of a
  // gigabyte costs no gigabyte.
  const std::size_t n_front = max_bytes * 2 / 3;
  const std::size_t n_back = max_bytes / 3;
  if (text.size() <= max_bytes) {
    std::string whole = printable(text);
    if (whole.size() <= max_bytes) return whole;
  }
  std::string front;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t n = std::max<std::size_t>(1, utf8_character(text.substr(from)));
    const std::string next = printable(text.substr(from, n));
    if (front.size() + next.size() > n_front) break;
    front += next;
    from += n;
  }
  std::size_t to = std::max(from, text.size() - std::min(text.size(), n_back));
  while (to < text.size() && (static_cast<unsigned char>(text[to]) & 0xc0) == 0x80) ++to;
  std::string back = printable(text.substr(to));
  while (back.size() > n_back && to < text.size()) {
    const std::size_t n = std::max<std::size_t>(1, utf8_character(text.substr(to)));
    back.erase(0, printable(text.substr(to, n)).size());
    to += n;
  }
  if (from == to) return front + back;
  return front + "[... " + std::to_string(to - from) + " bytes ...]" + back;
}

std::size_t unfinished_character(std::string_view text) {
  for (std::size_t n = 1; n <= std::min<std::size_t>(3, text.size()); ++n) {
    const std::string_view end = text.substr(text.size() - n);
    const std::size_t expected = utf8_expected(static_cast<unsigned char>(end[0]));
    if (expected > n && utf8_valid_prefix(end) == n) return n;
  }
  return 0;
}

}  // namespace blue
