// `blue`: the command line. Parses, runs one command, maps its outcome to an exit status.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "apps/blue/command.h"

namespace {

using namespace blue::apps;

/// One line on stderr for any wrong flag; help and version as asked for.
int end_parsing(const CLI::App& app, const CLI::ParseError& problem) {
  if (problem.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
    return app.exit(problem);
  // CLI11 misses what is required before it sees what is unknown; for the user the unknown word
  // comes first.
  std::string text = problem.what();
  if (const std::vector<std::string> unknown = app.remaining(true); !unknown.empty()) {
    text = (unknown.front().starts_with('-') ? "unknown flag " : "unknown argument ") +
           unknown.front();
  }
  for (char& c : text) c = c == '\n' ? ' ' : c;
  std::fprintf(stderr, "blue: %s (see blue --help)\n", text.c_str());
  return kExitBadInput;
}

int run_command(int argc, char** argv) {
  CLI::App app(
      "Several language models on one machine, each larger than its GPU, working together.",
      "blue");
  app.require_subcommand(1);
  app.set_version_flag("--version", "blue 0.1.0");
  Action action;
  add_run(app, action);
  add_resume(app, action);
  add_generate(app, action);
  add_chat(app, action);
  add_tokenize(app, action);
  add_logits(app, action);
  add_inspect(app, action);
  add_quantize(app, action);
  add_doctor(app, action);
  add_bench(app, action);
  add_trace(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return end_parsing(app, problem);
  }
  return action();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run_command(argc, argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "blue: internal error: %s\n", failure.what());
    return kExitFailed;
  }
}
