// Where lines come from: a terminal, through libedit with history and completion; or standard input
// as it is.
// Depends on the standard library; libedit in edited_lines.cpp alone. Main thread. Lifetime: what
// it completes from outlives it.
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

/// Ways to end the word that the cursor stands behind.
struct Completion {
  std::string word;                ///< what is there of it
  std::vector<std::string> whole;  ///< sorted; each begins with `word`; a folder ends in '/'
  [[nodiscard]] std::string common()
      const;  ///< what all of them begin with; `word` where there are none
};

/// `before`: the line up to the cursor.
using Completer = std::function<Completion(std::string_view before)>;

/// What Ctrl-C does while a line is edited. It is a key there; between two lines it is a signal
/// like any other.
enum class InterruptKey : std::uint8_t { empties_line, ends_input };

struct EditedLinesOptions {
  std::string program;            ///< libedit reads this program's lines of ~/.editrc
  std::string prompt;             ///< with its blank
  std::filesystem::path history;  ///< read and kept; its folder is made. Empty: nothing is kept
  Completer complete;             ///< empty: Tab completes nothing
  InterruptKey interrupt = InterruptKey::empties_line;
};

/// A terminal.
std::unique_ptr<LineReader> edited_lines(EditedLinesOptions options);

/// Standard input as it is; nothing is prompted for. A signal that is noted and not ignored ends
/// it.
std::unique_ptr<LineReader> script_lines();

/// `name` in $XDG_STATE_HOME/blue, else in $HOME/.local/state/blue, else empty.
std::filesystem::path history_path(const std::string& name);

}  // namespace blue::terminal
