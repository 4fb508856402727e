#include "text/tokenizer/nfc.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"

namespace blue::text {
namespace {

/// U+0300, the first character that composition can touch, begins with this byte in UTF-8.
constexpr unsigned char kFirstByte = 0xcc;
/// utf8proc sorts the marks of a stretch in quadratic time; no script has stretches near this one.
constexpr std::size_t kLongestStretch = 2048;
constexpr char32_t kFirstVowelJamo = 0x1160;
constexpr char32_t kLastFinalJamo = 0x11ff;

char32_t code_point(std::string_view character) {
  constexpr unsigned char kFirstMask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t code = static_cast<unsigned char>(character[0]) & kFirstMask[character.size()];
  for (const char c : character.substr(1))
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  return code;
}

/// Does the character stay as it is, whatever precedes it? Marks, jamo and characters with a
/// canonical decomposition may not.
bool is_stable(char32_t code) {
  if (code >= kFirstVowelJamo && code <= kLastFinalJamo) return false;
  const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(code));
  switch (property->category) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return false;
    default: break;
  }
  const bool decomposes = property->decomp_seqindex != UINT16_MAX && property->decomp_type == 0;
  return property->combining_class == 0 && !decomposes;
}

/// Normalizes one stretch at a time; its buffer stays for the next.
class Composer {
 public:
  void append(std::string_view stretch, std::string& out) {
    constexpr auto kOptions = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(stretch.data());
    const auto size = static_cast<utf8proc_ssize_t>(stretch.size());
    // A character decomposes into four at most, of at least two bytes each before.
    if (codes_.size() < 4 * stretch.size() + 4) codes_.resize(4 * stretch.size() + 4);
    const utf8proc_ssize_t n = utf8proc_decompose(
        bytes, size, codes_.data(), static_cast<utf8proc_ssize_t>(codes_.size()), kOptions);
    BLUE_CHECK(n >= 0 && n <= static_cast<utf8proc_ssize_t>(codes_.size()),
               "utf8proc refuses valid UTF-8");
    const utf8proc_ssize_t n_composed = utf8proc_normalize_utf32(codes_.data(), n, kOptions);
    for (utf8proc_ssize_t i = 0; i < n_composed; ++i) {
      utf8proc_uint8_t encoded[4];
      const utf8proc_ssize_t n_bytes =
          utf8proc_encode_char(codes_[static_cast<std::size_t>(i)], encoded);
      out.append(reinterpret_cast<const char*>(encoded), static_cast<std::size_t>(n_bytes));
    }
  }

 private:
  std::vector<utf8proc_int32_t> codes_;
};

/// Bytes at the front that composition cannot touch, judged by their first bytes.
std::size_t plain_prefix(std::string_view text) {
  const auto* const at = std::find_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= kFirstByte; });
  return static_cast<std::size_t>(at - text.begin());
}

}  // namespace

std::string_view normalized_nfc(std::string_view text, std::string& storage) {
  storage.clear();
  Composer composer;
  std::size_t n_written = 0;  // bytes of `text` that `storage` holds
  std::size_t before = 0;     // where the character before `at` begins
  std::size_t at = 0;
  while (at < text.size()) {
    if (const std::size_t n = plain_prefix(text.substr(at)); n > 0) {
      at += n;
      before = at - 1;
      while (before > n_written && (static_cast<unsigned char>(text[before]) & 0xc0) == 0x80)
        --before;
      continue;
    }
    // Finds the stretch of characters that may change together: one stable character, then others.
    std::size_t end = at;
    std::size_t next = at;
    while (next < text.size()) {
      const std::size_t n = utf8_character(text.substr(next));
      if (n == 0 || is_stable(code_point(text.substr(next, n)))) break;
      next += n;
      end = next;
    }
    if (end == at) {  // stable, or no UTF-8
      before = at;
      at += std::max<std::size_t>(1, utf8_character(text.substr(at)));
      continue;
    }
    if (end - at > kLongestStretch) {
      before = at = end;
      continue;
    }
    const std::size_t begin = utf8_character(text.substr(before)) == at - before ? before : at;
    storage.append(text.substr(n_written, begin - n_written));
    composer.append(text.substr(begin, end - begin), storage);
    n_written = before = at = end;
  }
  if (n_written == 0) return text;
  storage.append(text.substr(n_written));
  return storage;
}

}  // namespace blue::text
