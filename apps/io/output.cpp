#include "apps/io/output.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "base/printable.h"

namespace blue::io {

namespace {

constexpr std::size_t kMaxMessageBytes = 1600;

/// The state of the process's output.
struct Streams {
  const char* program = "blue";
  bool is_terminal = false;  ///< stdout
  int error = 0;             ///< errno of the first write to stdout that failed
  std::string cut;           ///< the unfinished character at the end of the last print_text
};

Streams& streams() {
  static Streams the_streams;
  return the_streams;
}

void write_output(std::string_view bytes) {
  Streams& out = streams();
  if (bytes.empty() || out.error != 0) return;
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) out.error = errno;
}

/// A character that was never completed is shown as the bytes it is.
void write_cut_character() { write_output(printable(std::exchange(streams().cut, {}))); }

void write_error(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // no stream is left to report it on
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string formatted(const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, arguments);
  std::string text(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
  if (size > 0) std::vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  return text;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

/// Ends the program where a thread found no memory: one line, status 1. Allocates nothing. All else
/// that ends here is a bug and dumps core.
[[noreturn]] void end_without_memory() {
  try {
    if (const std::exception_ptr failure = std::current_exception())
      std::rethrow_exception(failure);
  } catch (const std::bad_alloc&) {
    static constexpr std::string_view kLine =
        ": out of memory: free some, or raise the limit (ulimit -v, ulimit -d, cgroup)\n";
    const char* const program = streams().program;
    if (::write(STDERR_FILENO, program, std::strlen(program)) >= 0)
      static_cast<void>(!::write(STDERR_FILENO, kLine.data(), kLine.size()));
    _exit(1);
  } catch (...) {
  }
  std::abort();
}

}  // namespace

void open_streams(const char* program) {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) >= 0) continue;
    // Reading from a closed stdin ends at once; writing to a closed stdout fails and is reported.
    const int flags = descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", flags) < 0) break;
  }
  signal(SIGPIPE, SIG_IGN);
  std::set_terminate(end_without_memory);
  streams().program = program;
  streams().is_terminal = isatty(STDOUT_FILENO) == 1;
}

void print_text(std::string_view text) {
  Streams& out = streams();
  if (!out.is_terminal) {
    write_output(text);
    return;
  }
  std::string whole = std::exchange(out.cut, {});
  whole += text;
  const std::size_t n_cut = unfinished_character(whole);
  out.cut = whole.substr(whole.size() - n_cut);
  whole.resize(whole.size() - n_cut);
  write_output(printable(whole, LineBreaks::kept));
}

void print_line(std::string_view line) {
  write_cut_character();
  write_output(printable(line));
  write_output("\n");
}

void print_linef(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line(formatted(format, arguments));
  va_end(arguments);
}

void print_style(std::string_view sequence) {
  if (!has_styles(STDOUT_FILENO)) return;
  write_cut_character();
  write_output(sequence);
}

void flush_output() {
  Streams& out = streams();
  if (std::fflush(stdout) != 0 && out.error == 0) out.error = errno;
}

bool is_output_lost() {
  if (streams().error != 0) return true;
  pollfd reader{STDOUT_FILENO, 0, 0};
  if (poll(&reader, 1, 0) > 0 && (reader.revents & (POLLERR | POLLHUP)) != 0)
    streams().error = EPIPE;
  return streams().error != 0;
}

int end_output(int status) {
  constexpr int kFailed = 1;
  write_cut_character();
  flush_output();
  if (streams().error == 0) return status;
  messagef("standard output: %s", streams().error == EPIPE ? "its reader has gone (broken pipe)"
                                                           : std::strerror(streams().error));
  return kFailed;
}

void message(std::string_view text) {
  write_error(std::string(streams().program) + ": " + printable_line(text, kMaxMessageBytes) +
              "\n");
}

void messagef(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  message(formatted(format, arguments));
  va_end(arguments);
}

void remark(std::string_view text) { write_error(printable_line(text, kMaxMessageBytes) + "\n"); }

void remarkf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  remark(formatted(format, arguments));
  va_end(arguments);
}

void draw_progress(std::string_view line) {
  if (has_cursor(STDERR_FILENO)) write_error("\r" + printable_line(line, 120) + "\x1b[K");
}

bool has_cursor(int descriptor) {
  return isatty(descriptor) == 1 && is_set("TERM") &&
         std::string_view(std::getenv("TERM")) != "dumb";
}

bool has_styles(int descriptor) { return has_cursor(descriptor) && !is_set("NO_COLOR"); }

}  // namespace blue::io
