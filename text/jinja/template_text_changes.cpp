#include "text/jinja/template_text_changes.h"

#include <algorithm>

#include "text/jinja/template_characters.h"

namespace blue::text::jinja {

Text stripped(const Text& text, const Text* characters, Side side) {
  const std::string_view bytes = text.bytes();
  const auto is_stripped = [&](std::size_t at, std::size_t n) {
    if (characters == nullptr) return is_white(character_at(bytes, at).code);
    const std::string_view wanted = bytes.substr(at, n);
    for (std::size_t i = 0; i < characters->size();
         i += character_at(characters->bytes(), i).n_bytes) {
      if (characters->bytes().substr(i, character_at(characters->bytes(), i).n_bytes) == wanted)
        return true;
    }
    return false;
  };
  std::size_t begin = 0;
  std::size_t end = bytes.size();
  while (side != Side::right && begin < end) {
    const std::size_t n = character_at(bytes, begin).n_bytes;
    if (!is_stripped(begin, n)) break;
    begin += n;
  }
  while (side != Side::left && end > begin) {
    const std::size_t last = character_before(bytes, end);
    if (!is_stripped(last, end - last)) break;
    end = last;
  }
  return text.part(begin, end);
}

Result<Text> replaced(const Text& text, std::string_view old, const Text& by, std::int64_t n_most,
                      const Site& site) {
  BLUE_TRY(site.make(text.size()));
  Text out;
  std::size_t begin = 0;
  std::size_t from = 0;
  for (; n_most != 0; --n_most) {
    const std::size_t at = text.bytes().find(old, from);
    if (at == std::string_view::npos) break;
    BLUE_TRY(site.make(by.size() + 1));
    out.append_part(text, begin, at);
    out.append(by);
    begin = at + old.size();
    from = begin;
    if (old.empty()) {  // before each character, and at the end
      if (at >= text.size()) break;
      from += character_at(text.bytes(), at).n_bytes;
    }
  }
  out.append_part(text, begin, text.size());
  return out;
}

Text cased(const Text& text, Casing casing) {
  Text out;
  bool is_in_word = false;
  bool is_first = true;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text.bytes(), at);
    const char32_t code = character.code;
    const bool goes_up = casing == Casing::upper || (casing == Casing::title && !is_in_word) ||
                         (casing == Casing::capital && is_first) ||
                         (casing == Casing::swapped && is_lower(code));
    std::string bytes;
    if (character.is_whole) {
      append_cased(bytes, code, goes_up ? Case::upper : Case::lower);
    } else {
      bytes = text.bytes().substr(at, 1);
    }
    out.append(bytes, text.origin_at(at));
    is_in_word = is_upper(code) || is_lower(code);
    is_first = false;
    at += character.n_bytes;
  }
  return out;
}

List split_at_white(const Text& text, std::int64_t n_most) {
  List out;
  const std::string_view bytes = text.bytes();
  const auto skip = [&bytes](std::size_t at, bool over_white) {
    while (at < bytes.size()) {
      const Character character = character_at(bytes, at);
      if (is_white(character.code) != over_white) break;
      at += character.n_bytes;
    }
    return at;
  };
  for (std::size_t at = skip(0, true); at < bytes.size();) {
    if (n_most >= 0 && static_cast<std::int64_t>(out.size()) >= n_most) {
      out.emplace_back(stripped(text.part(at, bytes.size()), nullptr, Side::right));
      break;
    }
    const std::size_t end = skip(at, false);
    out.emplace_back(text.part(at, end));
    at = skip(end, true);
  }
  return out;
}

List split_at(const Text& text, std::string_view separator, std::int64_t n_most) {
  List out;
  std::size_t begin = 0;
  while (n_most < 0 || static_cast<std::int64_t>(out.size()) < n_most) {
    const std::size_t at = text.bytes().find(separator, begin);
    if (at == std::string_view::npos) break;
    out.emplace_back(text.part(begin, at));
    begin = at + separator.size();
  }
  out.emplace_back(text.part(begin, text.size()));
  return out;
}

List split_from_end(const Text& text, std::string_view separator, std::int64_t n_most) {
  List out;
  std::size_t end = text.size();
  while (n_most < 0 || static_cast<std::int64_t>(out.size()) < n_most) {
    if (end < separator.size()) break;
    const std::size_t at = text.bytes().rfind(separator, end - separator.size());
    if (at == std::string_view::npos) break;
    out.emplace_back(text.part(at + separator.size(), end));
    end = at;
  }
  out.emplace_back(text.part(0, end));
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace blue::text::jinja
