// Where command lines come from: a terminal, through libedit with history and completion; or a script on standard input.
// Depends on libedit (in edited_lines.cpp) and completion.h. Main thread. Lifetime: what it completes from outlives it.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "apps/shell/completion.h"

namespace blue::shell {

class LineReader {
 public:
  virtual ~LineReader() = default;

  /// The next line without its newline; nothing at the end.
  virtual std::optional<std::string> next() = 0;
};

using Completer = std::function<Completion(std::string_view before)>;

/// Standard input as it is; nothing is prompted for.
std::unique_ptr<LineReader> script_lines();

/// A terminal. History is read from and kept in `history` (its folder is made); an empty path keeps none.
std::unique_ptr<LineReader> edited_lines(Completer completer, const std::filesystem::path& history);

/// $XDG_STATE_HOME/blue/history, else $HOME/.local/state/blue/history, else empty.
std::filesystem::path history_path();

}  // namespace blue::shell
