// Standard output and standard error of the programs, in one place: every write to stdout is
// checked, so that a full disk or a closed pipe ends the program with a message and status 1; and
// no text from outside reaches a terminal raw or forges a line.
// Depends on base. Threads: message() and remark() from any thread, the rest on the main thread.
// State: one per process, as the descriptors are.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/log_sink.h"

namespace blue::io {

/// The first call of main(). `program` (a literal) is what messages begin with. Descriptors 0, 1
/// and 2 that are closed are opened, so that no file of the program becomes its output; SIGPIPE is
/// ignored, so that a closed pipe is an error of the write. A thread that finds no memory
/// ends the program with one line and status 1.
void open_streams(const char* program);

/// Running text on stdout: what a model generates, a slot, a JSON document, help. As it is to a
/// pipe or a file; at a terminal printable(), newlines and tabs kept. A character may be split
/// between two calls.
void print_text(std::string_view text);
/// One line of a report on stdout: always printable(), never cut. A newline is added.
void print_line(std::string_view line);
/// The same, as printf.
[[gnu::format(printf, 1, 2)]] void print_linef(const char* format, ...);
/// The program's own control sequence; nothing where has_styles(stdout) is false.
void print_style(std::string_view sequence);
void flush_output();

/// Is stdout lost: a write failed, or the reader closed the pipe? Work whose result goes there must
/// stop.
bool is_output_lost();
/// Flushes stdout. Returns `status`, or 1 after a message where a write has failed.
int end_output(int status);

/// One line on stderr: "<program>: <text>", printable and cut to some 1,600 bytes. One write, so
/// that lines of several threads do not mix.
void message(std::string_view text);
[[gnu::format(printf, 1, 2)]] void messagef(const char* format, ...);
/// The same without the program's name, for an interactive terminal.
void remark(std::string_view text);
[[gnu::format(printf, 1, 2)]] void remarkf(const char* format, ...);
/// A line on stderr that the next one replaces; empty: erases it. Only where has_cursor(2).
void draw_progress(std::string_view line);

/// May lines be redrawn: is the descriptor a terminal, and TERM set and not "dumb"?
bool has_cursor(int descriptor);
/// May text be dimmed: has_cursor(), and NO_COLOR unset or empty?
bool has_styles(int descriptor);

/// The library's log as messages; lines below `least` are dropped.
class MessageLog final : public LogSink {
 public:
  explicit MessageLog(LogLevel least) : least_(least) {}
  void write(LogLevel level, std::string_view line) override {
    if (level >= least_) message(line);
  }

 private:
  LogLevel least_;
};

}  // namespace blue::io
