// Sources of input lines: a terminal, through libedit with history and completion; or standard
// input as it is.
// Depends on the standard library; libedit in edited_lines.cpp alone. Main thread. Lifetime: what
// the completer reads outlives the reader.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blue::terminal {

class LineReader {
 public:
  virtual ~LineReader() = default;

  /// The next line without its newline; nothing at the end.
  virtual std::optional<std::string> next() = 0;
};

/// Ways to complete the word before the cursor.
struct Completion {
  std::string word;                ///< its beginning, as typed
  std::vector<std::string> whole;  ///< sorted; each begins with `word`; a folder ends in '/'
  /// The longest beginning of all in `whole`; `word` where there are none.
  [[nodiscard]] std::string common() const;
};

/// `before`: the line up to the cursor.
using Completer = std::function<Completion(std::string_view before)>;

/// What Ctrl-C does while a line is edited. Between two lines it is a signal.
enum class InterruptKey : std::uint8_t { empties_line, ends_input };

struct EditedLinesOptions {
  std::string program;            ///< libedit reads this program's lines of ~/.editrc
  std::string prompt;             ///< with its trailing space
  std::filesystem::path history;  ///< file, created with its folder; empty: no history
  Completer complete;             ///< empty: Tab completes nothing
  InterruptKey interrupt = InterruptKey::empties_line;
};

/// Lines edited at the terminal.
std::unique_ptr<LineReader> edited_lines(EditedLinesOptions options);

/// Standard input as it is, without a prompt. A signal that interrupts the read ends it.
std::unique_ptr<LineReader> script_lines();

/// `name` in $XDG_STATE_HOME/blue, else in $HOME/.local/state/blue, else empty.
std::filesystem::path history_path(const std::string& name);

}  // namespace blue::terminal
