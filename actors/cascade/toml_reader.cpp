#include "actors/cascade/toml_reader.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace blue::actors {

namespace {

/// The index behind a comment or string that begins at `at`; `at` itself when none does.
std::size_t skip_quoted(std::string_view toml, std::size_t at) {
  const char quote = toml[at];
  if (quote == '#') return std::min(toml.find('\n', at), toml.size());
  if (quote != '"' && quote != '\'') return at;
  const std::string mark(toml.substr(at, 3) == std::string(3, quote) ? 3 : 1, quote);
  for (std::size_t i = at + mark.size(); i < toml.size(); ++i) {
    if (quote == '"' && toml[i] == '\\') {
      ++i;
    } else if (toml.substr(i, mark.size()) == mark) {
      return i + mark.size();
    } else if (mark.size() == 1 && toml[i] == '\n') {
      return i;  // unclosed: the parser reports it
    }
  }
  return toml.size();
}

/// The code point that begins with the byte at `at` (> 0x7f), and its length; length 0 when it is
/// no UTF-8.
std::pair<char32_t, std::size_t> decode_utf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned lead = byte(at);
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  char32_t point = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) return {0, 0};
    point = point << 6 | (byte(at + i) & 0x3fU);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_valid = lead >= 0xc0 && lead < 0xf8 && point >= kLeast[length] &&
                        point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return {point, is_valid ? length : 0};
}

/// Appends `part` in ASCII; false where a character can't be written.
bool append_ascii(std::string_view part, std::string& out) {
  const char kind = part.front();
  for (std::size_t i = 0; i < part.size();) {
    if (static_cast<unsigned char>(part[i]) <= 0x7f) {
      out += part[i++];
      continue;
    }
    const auto [point, length] = decode_utf8(part, i);
    // Behind an odd number of backslashes it would be an escape that TOML lacks.
    const bool is_escaped = kind == '"' && (i - part.find_last_not_of('\\', i - 1)) % 2 == 0;
    if (length == 0 || is_escaped || (kind != '#' && kind != '"')) return false;
    char escape[16] = "?";
    if (kind == '"')
      std::snprintf(escape, sizeof escape, "\\U%08lX", static_cast<unsigned long>(point));
    out += escape;
    i += length;
  }
  return true;
}

}  // namespace

Result<std::string> ascii_toml(std::string_view toml, const std::string& source) {
  if (toml.starts_with("\xEF\xBB\xBF"))
    toml.remove_prefix(3);  // a byte order mark may open the file
  std::string ascii;
  for (std::size_t at = 0; at < toml.size();) {
    const std::size_t behind = std::max(skip_quoted(toml, at), at + 1);
    if (!append_ascii(toml.substr(at, behind - at), ascii)) {
      const auto line = 1 + std::ranges::count(toml.substr(0, at), '\n');
      return Error(
          ActorsError::bad_cascade,
          source + ":" + std::to_string(line) +
              ": a character that is not ASCII outside \"quotes\" and comments, or no UTF-8");
    }
    at = behind;
  }
  return ascii;
}

const toml::node* TomlReader::find(std::string_view key) {
  asked_.emplace(key);
  return table_.get(key);
}

void TomlReader::complain_at(const toml::node& node, const std::string& message) {
  if (error_) return;
  error_ = Error(ActorsError::bad_cascade, file_ + ":" + std::to_string(node.source().begin.line) +
                                               ": " + what_ + ": " + message);
}

std::string TomlReader::text(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    complain("needs " + std::string(key) + " = \"...\"");
    return {};
  }
  if (const auto* value = node->as_string()) return value->get();
  complain_at(*node, std::string(key) + " must be a string");
  return {};
}

std::string TomlReader::text_or(std::string_view key, std::string if_absent) {
  return table_.contains(key) ? text(key) : (asked_.emplace(key), std::move(if_absent));
}

std::vector<std::string> TomlReader::texts(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) {
    complain("needs " + std::string(key) + " = [\"...\"]");
    return {};
  }
  std::vector<std::string> all;
  const toml::array* array = node->as_array();
  if (array != nullptr) {
    for (const toml::node& element : *array) {
      if (const auto* value = element.as_string()) all.push_back(value->get());
    }
  }
  if (array == nullptr || all.empty() || all.size() != array->size()) {
    complain_at(*node, std::string(key) + " must be a list of strings, at least one");
  }
  return all;
}

double TomlReader::number_or(std::string_view key, double if_absent) {
  const toml::node* node = find(key);
  if (node == nullptr) return if_absent;
  if (const auto value = node->value<double>(); value && node->is_number()) return *value;
  complain_at(*node, std::string(key) + " must be a number");
  return if_absent;
}

std::int64_t TomlReader::integer_or(std::string_view key, std::int64_t if_absent,
                                    std::int64_t least, std::int64_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) return if_absent;
  const auto* value = node->as_integer();
  if (value != nullptr && value->get() >= least && value->get() <= most) return value->get();
  complain_at(*node, std::string(key) + " must be a whole number from " + std::to_string(least) +
                         " to " + std::to_string(most));
  return if_absent;
}

bool TomlReader::flag_or(std::string_view key, bool if_absent) {
  const toml::node* node = find(key);
  if (node == nullptr) return if_absent;
  if (const auto* value = node->as_boolean()) return value->get();
  complain_at(*node, std::string(key) + " must be true or false");
  return if_absent;
}

const toml::table* TomlReader::table_or_null(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  if (const toml::table* table = node->as_table()) return table;
  complain_at(*node, std::string(key) + " must be a table");
  return nullptr;
}

void TomlReader::finish() {
  for (const auto& [key, node] : table_) {
    if (!asked_.contains(key.str())) complain_at(node, "unknown key " + std::string(key.str()));
  }
}

}  // namespace blue::actors
