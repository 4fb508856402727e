// Token ids in a text file: whitespace between them, nothing else. Depends on base. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/io/text_file.h"
#include "base/id.h"
#include "base/result.h"

namespace blue::io {

/// The ids of `text`; `name` is the file's. Each is below `n_vocab`, where that is known. Errors:
/// bad_file with name, line and word, also for a text without ids.
Result<std::vector<TokenId>> parse_token_ids(std::string_view text, const std::string& name,
                                             std::optional<std::uint32_t> n_vocab);

/// The same from a file. Errors: bad_file.
Result<std::vector<TokenId>> read_token_ids(const std::string& path,
                                            std::optional<std::uint32_t> n_vocab = std::nullopt);

}  // namespace blue::io
