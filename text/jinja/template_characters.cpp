#include "text/jinja/template_characters.h"

#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace blue::text::jinja {
namespace {

constexpr char32_t kEndOfAscii = 0x80;

/// The C library's tables of characters. Its UTF-8 locale is built in; where it is not, only ASCII
/// has a case.
class Tables {
 public:
  Tables() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}
  ~Tables() {
    if (locale_ != nullptr) freelocale(locale_);
  }
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;
  [[nodiscard]] locale_t locale() const { return locale_; }

 private:
  locale_t locale_;
};

/// Constant after it was made, and costly to make; so each thread that renders keeps one.
locale_t tables() {
  thread_local const Tables made;
  return made.locale();
}

template <class Ascii, class Wide>
bool is_of(char32_t code, Ascii ascii, Wide wide) {
  if (code < kEndOfAscii) return ascii(static_cast<char>(code));
  return tables() != nullptr && wide(static_cast<wint_t>(code), tables()) != 0;
}

bool is_ascii_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_ascii_lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

Character character_at(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return {first, 1, true};
  const std::size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + n > bytes.size()) return {first, 1, false};
  char32_t code = first & (0xffU >> (n + 1));
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return {first, 1, false};
    code = code << 6 | (byte(at + i) & 0x3fU);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    return {first, 1, false};
  return {code, n, true};
}

std::size_t character_before(std::string_view bytes, std::size_t end) {
  for (std::size_t n = 1; n <= 4 && n <= end; ++n) {
    if (character_at(bytes.substr(0, end), end - n).n_bytes == n &&
        (n > 1 || static_cast<unsigned char>(bytes[end - 1]) < 0x80))
      return end - n;
  }
  return end - 1;
}

std::size_t count_characters(std::string_view bytes) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < bytes.size(); at += character_at(bytes, at).n_bytes) ++n;
  return n;
}

std::size_t byte_of_character(std::string_view bytes, std::size_t n) {
  std::size_t at = 0;
  for (; n > 0 && at < bytes.size(); --n) at += character_at(bytes, at).n_bytes;
  return at;
}

void append_utf8(std::string& out, char32_t code) {
  const auto add = [&out](char32_t byte) {
    out += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xe0 | code >> 12);
    } else {
      add(0xf0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3f));
    }
    add(0x80 | (code >> 6 & 0x3f));
  }
  add(0x80 | (code & 0x3f));
}

bool is_white(char32_t code) {
  if (code <= 0x20)
    return code == 0x20 || (code >= 9 && code <= 13) || (code >= 0x1c && code <= 0x1f);
  return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
         code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

bool is_printable(char32_t code) {
  if (code < 0xa1) return code >= 0x20 && code < 0x7f;
  constexpr std::pair<char32_t, char32_t> kUnseen[] = {
      {0xad, 0xad},     {0x600, 0x605},   {0x61c, 0x61c},     {0x6dd, 0x6dd},
      {0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200f},   {0x2028, 0x202f},
      {0x205f, 0x206f}, {0x3000, 0x3000}, {0xd800, 0xf8ff},   {0xfeff, 0xfeff},
      {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff}};
  return std::none_of(std::begin(kUnseen), std::end(kUnseen), [code](const auto& range) {
    return code >= range.first && code <= range.second;
  });
}

bool is_upper(char32_t code) { return is_of(code, is_ascii_upper, iswupper_l); }
bool is_lower(char32_t code) { return is_of(code, is_ascii_lower, iswlower_l); }
bool is_letter(char32_t code) {
  return is_of(
      code, [](char c) { return is_ascii_upper(c) || is_ascii_lower(c); }, iswalpha_l);
}
bool is_digit(char32_t code) { return code >= '0' && code <= '9'; }

void append_cased(std::string& out, char32_t code, Case to) {
  if (code < kEndOfAscii) {
    const auto c = static_cast<char>(code);
    if (to == Case::upper) {
      out += is_ascii_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    } else {
      out += is_ascii_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return;
  }
  // The ones among common letters that become two.
  if (to == Case::upper && code == 0xdf) {
    out += "SS";
  } else if (to == Case::lower && code == 0x130) {
    out += "i\xcc\x87";
  } else if (to == Case::upper && code >= 0xfb00 && code <= 0xfb06) {
    constexpr std::string_view kLigatures[] = {"FF", "FI", "FL", "FFI", "FFL", "ST", "ST"};
    out += kLigatures[code - 0xfb00];
  } else if (tables() == nullptr) {
    append_utf8(out, code);
  } else {
    const auto wide = static_cast<wint_t>(code);
    append_utf8(out, static_cast<char32_t>(to == Case::upper ? towupper_l(wide, tables())
                                                             : towlower_l(wide, tables())));
  }
}

}  // namespace blue::text::jinja
