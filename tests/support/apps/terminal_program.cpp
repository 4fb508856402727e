#include "tests/support/apps/terminal_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>

namespace blue::test {

namespace {

constexpr std::chrono::seconds kPatience(60);

[[noreturn]] void become(const std::filesystem::path& program,
                         const std::vector<std::string>& arguments,
                         const std::map<std::string, std::string>& environment, int file) {
  setsid();
  if (ioctl(file, TIOCSCTTY, 0) != 0) _exit(126);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(file, stream);
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  execv(program.c_str(), words.data());
  _exit(127);
}

}  // namespace

TerminalProgram::TerminalProgram(const std::filesystem::path& program,
                                 const std::vector<std::string>& arguments,
                                 const std::map<std::string, std::string>& environment) {
  if (!std::filesystem::exists(program))
    throw std::runtime_error(program.string() + " is not built");
  terminal_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal_ < 0 || grantpt(terminal_) != 0 || unlockpt(terminal_) != 0)
    throw std::runtime_error("no pseudo terminal can be opened");
  // Opened before the program is: a terminal without another side would look ended.
  const int other_side = open(ptsname(terminal_), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (other_side < 0) throw std::runtime_error("the pseudo terminal can't be opened");
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 80;
  ioctl(terminal_, TIOCSWINSZ, &size);
  id_ = fork();
  if (id_ < 0) throw std::runtime_error("fork failed");
  if (id_ == 0) become(program, arguments, environment, other_side);
  close(other_side);
}

TerminalProgram::~TerminalProgram() {
  if (id_ > 0) {
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }
  close(terminal_);
}

void TerminalProgram::type(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t n = write(terminal_, text.data(), text.size());
    if (n <= 0) throw std::runtime_error("the terminal takes no input");
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

TerminalProgram::Read TerminalProgram::read_some(int patience_ms) {
  pollfd waiting{terminal_, POLLIN, 0};
  if (poll(&waiting, 1, patience_ms) <= 0) return Read::nothing;
  std::array<char, 4096> bytes{};
  // Once the other side is closed the read fails: that is the end.
  const ssize_t n = read(terminal_, bytes.data(), bytes.size());
  if (n <= 0) return Read::end;
  screen_.append(bytes.data(), static_cast<std::size_t>(n));
  return Read::something;
}

bool TerminalProgram::read_or_throw() {
  const Read read = read_some(static_cast<int>(std::chrono::milliseconds(kPatience).count()));
  if (read == Read::nothing)
    throw std::runtime_error("nothing appears any more; the screen is:\n" + screen_);
  return read == Read::something;
}

bool TerminalProgram::read_until(std::string_view text) {
  for (;;) {
    const std::size_t at = screen_.find(text, n_waited_for_);
    if (at != std::string::npos) {
      n_waited_for_ = at + text.size();
      return true;
    }
    if (!read_or_throw()) return false;
  }
}

bool TerminalProgram::read_more(std::size_t n) {
  while (screen_.size() < n_waited_for_ + n) {
    if (!read_or_throw()) return false;
  }
  n_waited_for_ += n;
  return true;
}

bool TerminalProgram::wait_until_at_work() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    termios now{};
    if (tcgetattr(terminal_, &now) == 0 && (now.c_lflag & ISIG) != 0) return true;
    if (read_some(1) == Read::end) return false;
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error("the line is still edited; the screen is:\n" + screen_);
  }
}

int TerminalProgram::finish() {
  while (read_or_throw()) {
  }
  int status = 0;
  waitpid(id_, &status, 0);
  id_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace blue::test
