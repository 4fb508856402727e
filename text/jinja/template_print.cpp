#include "text/jinja/template_print.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "text/jinja/template_characters.h"

namespace blue::text::jinja {
namespace {

std::string hexadecimal(char32_t code, int n_digits) {
  char out[16];
  std::snprintf(out, sizeof(out), "%0*x", n_digits, static_cast<unsigned>(code));
  return out;
}

/// Appends what `escape` makes of each character that it escapes, and the others as they are, with
/// their origins.
template <class Escape>
void append_escaped(Text& out, const Text& text, const Escape& escape) {
  const std::string_view bytes = text.bytes();
  std::size_t begin = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const Character character = character_at(bytes, at);
    const std::string by = escape(character);
    if (!by.empty()) {
      out.append_part(text, begin, at);
      out.append(by, text.origin_at(at));
      begin = at + character.n_bytes;
    }
    at += character.n_bytes;
  }
  out.append_part(text, begin, bytes.size());
}

void append_quoted(Text& out, const Text& text) {
  const bool has_single = text.bytes().find('\'') != std::string_view::npos;
  const char quote = has_single && text.bytes().find('"') == std::string_view::npos ? '"' : '\'';
  out.append({&quote, 1}, Origin::markup);
  append_escaped(out, text, [quote](const Character& character) -> std::string {
    const char32_t code = character.code;
    if (code == '\n') return "\\n";
    if (code == '\r') return "\\r";
    if (code == '\t') return "\\t";
    if (code == '\\' || code == static_cast<char32_t>(quote))
      return {'\\', static_cast<char>(code)};
    if (!character.is_whole || is_printable(code)) return {};
    if (code < 0x100) return "\\x" + hexadecimal(code, 2);
    return code < 0x10000 ? "\\u" + hexadecimal(code, 4) : "\\U" + hexadecimal(code, 8);
  });
  out.append({&quote, 1}, Origin::markup);
}

class Representer {
 public:
  Representer(Text& out, const Site& site) : out_(out), site_(site) {}

  Status append(const Value& value) {
    if (const Text* text = value.text()) {
      append_quoted(out_, *text);
    } else if (value.sequence() != nullptr) {
      return append_sequence(*value.sequence());
    } else if (value.map() != nullptr) {
      return append_map(*value.map());
    } else if (value.is_undefined()) {
      markup("Undefined");
    } else {
      return append_plain(value);
    }
    return {};
  }

  Status append_plain(const Value& value) {
    if (const std::int64_t* number = value.integer()) {
      markup(std::to_string(*number));
    } else if (const bool* truth = value.boolean()) {
      markup(*truth ? "True" : "False");
    } else if (const double* real = value.real()) {
      markup(real_text(*real));
    } else if (value.is_none()) {
      markup("None");
    } else {
      return site_.error("{{ }} around " + std::string(value.kind()));
    }
    return {};
  }

 private:
  void markup(std::string_view bytes) { out_.append(bytes, Origin::markup); }

  Status append_sequence(const Sequence& sequence) {
    static constexpr std::pair<std::string_view, std::string_view> kBrackets[] = {
        {"[", "]"},
        {"(", ")"},
        {"", ""},
        {"dict_keys([", "])"},
        {"dict_values([", "])"},
        {"dict_items([", "])"}};
    if (sequence.form == Form::generator || sequence.form == Form::range) {
      return site_.error("{{ }} around a generator or range; make it a list");
    }
    const auto& [open, close] = kBrackets[static_cast<std::size_t>(sequence.form)];
    markup(open);
    for (std::size_t i = 0; i < sequence.entries.size(); ++i) {
      if (i > 0) markup(", ");
      BLUE_TRY(append(sequence.entries[i]));
    }
    if (sequence.form == Form::tuple && sequence.entries.size() == 1) markup(",");
    markup(close);
    return {};
  }

  Status append_map(const Map& map) {
    markup("{");
    for (std::size_t i = 0; i < map.size(); ++i) {
      if (i > 0) markup(", ");
      BLUE_TRY(append(map[i].first));
      markup(": ");
      BLUE_TRY(append(map[i].second));
    }
    markup("}");
    return {};
  }

  Text& out_;
  const Site& site_;
};

std::string json_escape(const Character& character, JsonStyle::NonAscii non_ascii) {
  const char32_t code = character.code;
  switch (code) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\f': return "\\f";
    case '\b': return "\\b";
    default: break;
  }
  if (code < 0x20) return "\\u" + hexadecimal(code, 4);
  // DEL is ASCII, and JSON leaves it as it is.
  if (code < 0x80 || non_ascii == JsonStyle::NonAscii::as_is) return {};
  if (code < 0x10000) return "\\u" + hexadecimal(code, 4);
  return "\\u" + hexadecimal(0xd800 + ((code - 0x10000) >> 10), 4) + "\\u" +
         hexadecimal(0xdc00 + ((code - 0x10000) & 0x3ff), 4);
}

class JsonWriter {
 public:
  JsonWriter(Text& out, const JsonStyle& style, const Site& site)
      : out_(out), style_(style), site_(site) {}

  Status append(const Value& value, std::uint32_t level) {
    if (const Text* text = value.text()) {
      append_string(*text);
      return {};
    }
    if (const Sequence* sequence = value.sequence()) {
      if (sequence->form == Form::list || sequence->form == Form::tuple)
        return append_list(sequence->entries, level);
    } else if (value.map() != nullptr) {
      return append_map(*value.map(), level);
    } else if (value.is_none() || value.is_number()) {
      markup(plain(value));
      return {};
    }
    return site_.error("JSON of " + std::string(value.kind()));
  }

 private:
  void markup(std::string_view bytes) { out_.append(bytes, Origin::markup); }

  static std::string plain(const Value& value) {
    if (const bool* truth = value.boolean()) return *truth ? "true" : "false";
    if (const std::int64_t* number = value.integer()) return std::to_string(*number);
    if (value.is_none()) return "null";
    const double real = *value.real();
    if (std::isnan(real)) return "NaN";
    if (std::isinf(real)) return real > 0 ? "Infinity" : "-Infinity";
    return real_text(real);
  }

  void append_string(const Text& text) {
    markup("\"");
    append_escaped(out_, text, [this](const Character& character) {
      return json_escape(character, style_.non_ascii);
    });
    markup("\"");
  }

  Status new_line(std::uint32_t level) {
    if (!style_.indent) return {};
    BLUE_TRY(site_.make(style_.indent->size() * level + 1));
    std::string line = "\n";
    for (std::uint32_t i = 0; i < level; ++i) line += *style_.indent;
    markup(line);
    return {};
  }

  Status append_list(const List& list, std::uint32_t level) {
    markup("[");
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) markup(style_.between_entries);
      BLUE_TRY(new_line(level + 1));
      BLUE_TRY(append(list[i], level + 1));
    }
    if (!list.empty()) BLUE_TRY(new_line(level));
    markup("]");
    return {};
  }

  Status append_map(const Map& map, std::uint32_t level) {
    std::vector<const std::pair<Value, Value>*> entries;
    for (const auto& entry : map) entries.push_back(&entry);
    if (style_.keys == JsonStyle::Keys::sorted) {
      const auto name = [](const auto* entry) {
        return entry->first.text() != nullptr ? entry->first.text()->bytes() : std::string_view();
      };
      std::stable_sort(entries.begin(), entries.end(),
                       [&](const auto* a, const auto* b) { return name(a) < name(b); });
    }
    markup("{");
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) markup(style_.between_entries);
      BLUE_TRY(new_line(level + 1));
      const Value& key = entries[i]->first;
      if (key.text() != nullptr) {
        append_string(*key.text());
      } else if (key.is_none() || key.is_number()) {
        markup("\"" + plain(key) + "\"");
      } else {
        return site_.error("JSON with a key that is " + std::string(key.kind()));
      }
      markup(style_.behind_key);
      BLUE_TRY(append(entries[i]->second, level + 1));
    }
    if (!map.empty()) BLUE_TRY(new_line(level));
    markup("}");
    return {};
  }

  Text& out_;
  const JsonStyle& style_;
  const Site& site_;
};

}  // namespace

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char digits[64];
  const auto end =
      std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::scientific).ptr;
  std::string text(digits, end);
  const std::size_t at = text.find('e');
  const int exponent = std::stoi(text.substr(at + 1));
  if (exponent >= -4 && exponent < 16) {  // where Python writes no exponent
    const auto fixed =
        std::to_chars(digits, digits + sizeof(digits), value, std::chars_format::fixed).ptr;
    text.assign(digits, fixed);
    return text.find('.') == std::string::npos ? text + ".0" : text;
  }
  char tail[16];
  std::snprintf(tail, sizeof(tail), "e%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
  return text.substr(0, at) + tail;
}

Result<Text> represented(const Value& value, const Site& site) {
  BLUE_TRY(site.make(value.extent().weight * 2));
  Text out;
  BLUE_TRY(Representer(out, site).append(value));
  return out;
}

Result<Text> printed(const Value& value, const Site& site) {
  if (value.text() != nullptr) return *value.text();
  if (value.is_undefined()) return Text();
  return represented(value, site);
}

Result<Text> to_json(const Value& value, const JsonStyle& style, const Site& site) {
  // No byte of a text becomes more than six, no entry brings more than two separators.
  const std::uint64_t per_entry = 2 + style.between_entries.size() + style.behind_key.size();
  BLUE_TRY(site.make(value.extent().weight * per_entry));
  Text out;
  BLUE_TRY(JsonWriter(out, style, site).append(value, 0));
  return out;
}

}  // namespace blue::text::jinja
