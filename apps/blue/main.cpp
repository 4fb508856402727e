// `blue`: the command line. Parses it, runs one command, maps its outcome to an exit status.
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "apps/blue/command.h"
#include "apps/io/output.h"

namespace {

using namespace blue::apps;
namespace io = blue::io;

/// Prints help or the version, or one line on stderr about what is wrong. The exit status.
int end_parsing(const CLI::App& app, const CLI::ParseError& problem) {
  if (problem.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    std::ostringstream text;
    const int status = app.exit(problem, text, text);
    io::print_text(text.str());
    return status;
  }
  // CLI11 reports a missing option before an unknown word; the unknown word is the better message.
  std::string text = problem.what();
  if (const std::vector<std::string> unknown = app.remaining(true); !unknown.empty()) {
    text = (unknown.front().starts_with('-') ? "unknown flag " : "unknown argument ") +
           unknown.front();
  }
  for (char& c : text) c = c == '\n' ? ' ' : c;
  io::message(text + " (see blue --help)");
  return kExitBadInput;
}

int run_command(int argc, char** argv) {
  CLI::App app("Runs several language models on one machine, each larger than its GPU, together.",
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
  add_index(app, action);
  add_quantize(app, action);
  add_doctor(app, action);
  add_plan(app, action);
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
  io::open_streams("blue");
  int status = kExitFailed;
  try {
    status = run_command(argc, argv);
  } catch (const std::bad_alloc&) {
    io::message(
        "no memory: the machine, or a limit on this process (ulimit -a), grants no more; grant "
        "more, "
        "or ask for less (--vram, --context)");
  } catch (const std::exception& failure) {
    io::messagef("internal error: %s", failure.what());
  }
  return io::end_output(status);
}
