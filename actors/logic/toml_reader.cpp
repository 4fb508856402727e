#include "actors/logic/toml_reader.h"

#include <algorithm>

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
      return i;  // unclosed: the parser complains
    }
  }
  return toml.size();
}

}  // namespace

std::optional<std::uint32_t> line_of_foreign_byte(std::string_view toml) {
  // A byte order mark may open the file.
  std::size_t at = toml.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  while (at < toml.size()) {
    if (static_cast<unsigned char>(toml[at]) > 0x7f) {
      return static_cast<std::uint32_t>(1 + std::ranges::count(toml.substr(0, at), '\n'));
    }
    const std::size_t behind = skip_quoted(toml, at);
    at = behind == at ? at + 1 : behind;
  }
  return std::nullopt;
}

const toml::node* TomlReader::find(std::string_view key) {
  asked_.emplace(key);
  return table_.get(key);
}

void TomlReader::complain_at(const toml::node& node, const std::string& message) {
  if (error_) return;
  error_ = Error(ActorsError::bad_cascade,
                 file_ + ":" + std::to_string(node.source().begin.line) + ": " + what_ + ": " + message);
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

std::int64_t TomlReader::integer_or(std::string_view key, std::int64_t if_absent, std::int64_t least,
                                    std::int64_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) return if_absent;
  const auto* value = node->as_integer();
  if (value != nullptr && value->get() >= least && value->get() <= most) return value->get();
  complain_at(*node, std::string(key) + " must be a whole number from " + std::to_string(least) + " to " +
                         std::to_string(most));
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
