// TomlReader: reads one TOML table; every error names file, line and key, and the first one is
// kept. A key that no call reads is an error: a misspelt key must not be ignored. Depends on base,
// actors_error.h and toml++. One thread; borrows the table.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "actors/actors_error.h"
#include "base/result.h"

namespace blue::actors {

/// The same TOML in ASCII: characters beyond it become \u escapes in basic strings and `?` in
/// comments. The look-ahead of toml++ 3.3 has undefined behaviour on some of them, so it gets none.
/// Errors: bad_cascade with `source` and line for such a character elsewhere (bare, or in a literal
/// string, which has no escapes) and for bytes that are not UTF-8.
Result<std::string> ascii_toml(std::string_view toml, const std::string& source);

class TomlReader {
 public:
  /// `what`: the table's name in messages: "the cascade", "stage 2". `error` keeps the first error.
  TomlReader(const toml::table& table, std::string file, std::string what,
             std::optional<Error>& error)
      : table_(table), file_(std::move(file)), what_(std::move(what)), error_(error) {}

  std::string text(std::string_view key);  ///< required
  std::string text_or(std::string_view key, std::string if_absent);
  std::vector<std::string> texts(std::string_view key);  ///< required, not empty
  double number_or(std::string_view key, double if_absent);
  std::int64_t integer_or(std::string_view key, std::int64_t if_absent, std::int64_t least,
                          std::int64_t most);
  bool flag_or(std::string_view key, bool if_absent);
  const toml::table* table_or_null(std::string_view key);

  /// The node as it is, or null.
  const toml::node* find(std::string_view key);

  /// An error for every key that no call has read.
  void finish();
  /// An error at the table's own line.
  void complain(const std::string& message) { complain_at(table_, message); }
  /// An error at the line of `node`, which is inside the table.
  void complain_at(const toml::node& node, const std::string& message);

 private:
  const toml::table& table_;
  std::string file_;
  std::string what_;
  std::optional<Error>& error_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace blue::actors
