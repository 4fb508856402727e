// A program of ours at a terminal of its own (a pseudo terminal), used interactively: types, waits
// for output. What the program writes on standard output and standard error appears in
// one stream; line ends are "\r\n". Depends on POSIX and the standard library. One thread per
// object. A program that is still there at the end is killed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace blue::test {

class TerminalProgram {
 public:
  /// `environment`: beside the test's own.
  TerminalProgram(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                  const std::map<std::string, std::string>& environment);
  ~TerminalProgram();
  TerminalProgram(const TerminalProgram&) = delete;
  TerminalProgram& operator=(const TerminalProgram&) = delete;

  void type(std::string_view text) const;
  /// Waits until `text` appears behind all that was waited for before; false when the program ended
  /// without. A program that is silent for a minute fails the test by an exception, here and below.
  bool read_until(std::string_view text);
  /// Waits for `n` bytes behind all that was waited for before; false when the program ended
  /// without.
  bool read_more(std::size_t n);
  /// Waits until a line was taken: until Ctrl-C is a signal again and no key. False when the
  /// program ended.
  bool wait_until_at_work();
  /// Reads to the end and waits. The exit status; 128 + n when signal n ended it.
  int finish();

  /// All that has appeared.
  [[nodiscard]] const std::string& screen() const { return screen_; }

 private:
  enum class Read { something, nothing, end };
  Read read_some(int patience_ms);
  bool read_or_throw();  ///< false at the end

  pid_t id_ = -1;
  int terminal_ = -1;
  std::string screen_;
  std::size_t n_waited_for_ = 0;
};

}  // namespace blue::test
