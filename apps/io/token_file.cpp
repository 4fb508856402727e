#include "apps/io/token_file.h"

#include <algorithm>
#include <charconv>

#include "base/printable.h"

namespace blue::io {

Result<std::vector<TokenId>> parse_token_ids(std::string_view text, const std::string& name,
                                             std::optional<std::uint32_t> n_vocab) {
  constexpr std::string_view kBlank = " \t\r\n";
  constexpr std::size_t kMostShown = 40;
  std::vector<TokenId> ids;
  std::size_t line = 1;
  for (std::size_t at = 0;;) {
    const std::size_t begin = std::min(text.find_first_not_of(kBlank, at), text.size());
    line += static_cast<std::size_t>(std::ranges::count(text.substr(at, begin - at), '\n'));
    if (begin == text.size()) break;
    at = std::min(text.find_first_of(kBlank, begin), text.size());
    const std::string_view word = text.substr(begin, at - begin);
    TokenId id = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), id);
    const bool is_number = failure == std::errc() && end == word.data() + word.size();
    if (is_number && id >= 0 && (!n_vocab || static_cast<std::uint32_t>(id) < *n_vocab)) {
      ids.push_back(id);
      continue;
    }
    return Error(IoError::bad_file, name + ":" + std::to_string(line) + ": word " +
                                        std::to_string(ids.size() + 1) + ", '" +
                                        printable_line(word, kMostShown) + "', is not a token id" +
                                        (n_vocab ? " below " + std::to_string(*n_vocab) : ""));
  }
  if (ids.empty()) return Error(IoError::bad_file, name + ": holds no token ids");
  return ids;
}

Result<std::vector<TokenId>> read_token_ids(const std::string& path,
                                            std::optional<std::uint32_t> n_vocab) {
  BLUE_TRY_ASSIGN(const std::string text, read_file(path));
  return parse_token_ids(text, path, n_vocab);
}

}  // namespace blue::io
