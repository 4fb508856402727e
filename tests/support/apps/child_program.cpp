#include "tests/support/apps/child_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace blue::test {

namespace {

[[noreturn]] void become(const std::filesystem::path& program,
                         const std::vector<std::string>& arguments) {
  std::vector<char*> words = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  execv(program.c_str(), words.data());
  _exit(127);
}

void open_pipe(int (&ends)[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
}

}  // namespace

ChildProgram::ChildProgram(const std::filesystem::path& program,
                           const std::vector<std::string>& arguments) {
  if (!std::filesystem::exists(program))
    throw std::runtime_error(program.string() + " is not built");
  int in[2];
  int out[2];
  int err[2];
  open_pipe(in);
  open_pipe(out);
  open_pipe(err);
  id_ = fork();
  if (id_ == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    become(program, arguments);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  input_ = in[1];
  streams_[0] = out[0];
  streams_[1] = err[0];
}

ChildProgram::~ChildProgram() {
  close_input();
  for (const int stream : streams_) {
    if (stream >= 0) close(stream);
  }
  if (id_ > 0) {
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }
}

void ChildProgram::write(std::string_view text) {
  struct sigaction ignored {};
  struct sigaction before {};
  ignored.sa_handler = SIG_IGN;  // a child that has ended is no reason for us to end
  sigaction(SIGPIPE, &ignored, &before);
  while (!text.empty()) {
    const ssize_t n = ::write(input_, text.data(), text.size());
    if (n <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  sigaction(SIGPIPE, &before, nullptr);
}

void ChildProgram::close_input() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

void ChildProgram::close_output() {
  if (streams_[0] >= 0) close(streams_[0]);
  streams_[0] = -1;
}

bool ChildProgram::read_some() {
  std::array<pollfd, 2> waiting{{{streams_[0], POLLIN, 0}, {streams_[1], POLLIN, 0}}};
  if (streams_[0] < 0 && streams_[1] < 0) return false;
  poll(waiting.data(), waiting.size(), -1);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (streams_[i] < 0 || waiting[i].revents == 0) continue;
    std::array<char, 4096> bytes{};
    const ssize_t n = read(streams_[i], bytes.data(), bytes.size());
    if (n > 0) {
      (i == 0 ? out_ : err_).append(bytes.data(), static_cast<std::size_t>(n));
    } else {
      close(streams_[i]);
      streams_[i] = -1;
    }
  }
  return true;
}

bool ChildProgram::read_until(std::string_view text) {
  while (out_.find(text) == std::string::npos) {
    if (!read_some()) return false;
  }
  return true;
}

bool ChildProgram::read_bytes(std::size_t n) {
  while (out_.size() < n) {
    if (!read_some()) return false;
  }
  return true;
}

void ChildProgram::send_signal(int number) const { kill(id_, number); }

int ChildProgram::finish() {
  close_input();
  while (read_some()) {
  }
  int status = 0;
  waitpid(id_, &status, 0);
  id_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace blue::test
