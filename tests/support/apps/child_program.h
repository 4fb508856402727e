// A program of ours that a test converses with while it runs: reads up to a text, sends a signal,
// reads its threads. For input in, output out, use run_program (program.h).
// Depends on POSIX and the standard library. One thread per object. A child that is still there at
// the end is killed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace blue::test {

class ChildProgram {
 public:
  ChildProgram(const std::filesystem::path& program, const std::vector<std::string>& arguments);
  ~ChildProgram();
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;

  void write(std::string_view text);
  void close_input();
  /// Closes the reading end of its standard output.
  void close_output();
  /// Reads until standard output holds `text`; false when it ended without.
  bool read_until(std::string_view text);
  /// Reads until standard output holds `n` bytes; false when it ended with fewer.
  bool read_bytes(std::size_t n);
  void send_signal(int number) const;
  /// Closes its input, reads everything and waits. The exit status; 128 + n when signal n ended it.
  int finish();

  [[nodiscard]] pid_t id() const { return id_; }
  [[nodiscard]] const std::string& out() const { return out_; }
  [[nodiscard]] const std::string& err() const { return err_; }

 private:
  bool read_some();  ///< waits for either stream; false when both have ended

  pid_t id_ = -1;
  int input_ = -1;
  int streams_[2] = {-1, -1};
  std::string out_;
  std::string err_;
};

}  // namespace blue::test
