// Runs a program of ours as a user would: arguments, standard input, environment; exit status and
// both outputs back. Depends on the standard library and POSIX. One thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/support/scratch_folder.h"

namespace blue::test {

struct ProgramResult {
  int exit_status = -1;  ///< 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

struct ProgramCall {
  std::vector<std::string> arguments;
  std::string input;
  std::map<std::string, std::string> environment;  ///< beside the test's own
  std::string output;  ///< a path that standard output goes to, /dev/full; empty: into `out`
  int signal = 0;      ///< sent once `signal_after` has passed, 0 for none
  std::chrono::microseconds signal_after{0};
};

/// The folder of built programs ($BLUE_BIN_DIR); fails the test when it is not set.
std::filesystem::path program_folder();

/// Starts `program` of that folder and waits for its end.
ProgramResult run_program(const std::string& program, const ProgramCall& call);

}  // namespace blue::test
