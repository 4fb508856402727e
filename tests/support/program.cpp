#include "tests/support/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace blue::test {

namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

[[noreturn]] void become(const std::filesystem::path& program, const ProgramCall& call,
                         const ScratchFolder& scratch) {
  const auto redirect = [](const std::string& path, int flags, int to) {
    const int file = open(path.c_str(), flags, 0600);
    if (file < 0 || dup2(file, to) < 0) _exit(126);
  };
  redirect(scratch.path("in"), O_RDONLY, 0);
  redirect(call.output.empty() ? scratch.path("out") : call.output, O_WRONLY | O_CREAT | O_TRUNC,
           1);
  redirect(scratch.path("err"), O_WRONLY | O_CREAT | O_TRUNC, 2);
  for (const auto& [name, value] : call.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : call.arguments)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  _exit(127);
}

}  // namespace

std::filesystem::path program_folder() {
  const char* folder = std::getenv("BLUE_BIN_DIR");
  REQUIRE(folder != nullptr);
  return folder;
}

ProgramResult run_program(const std::string& program, const ProgramCall& call) {
  const ScratchFolder scratch;
  (void)scratch.write("in", call.input);
  const std::filesystem::path path = program_folder() / program;
  REQUIRE(std::filesystem::exists(path));
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) become(path, call, scratch);
  if (call.signal != 0) {
    // The moment matters: the signal hits the program at this point of its work.
    std::this_thread::sleep_for(call.signal_after);
    kill(child, call.signal);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  ProgramResult result;
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = slurp(scratch.path("out"));
  result.err = slurp(scratch.path("err"));
  return result;
}

}  // namespace blue::test
