// `blue-shell`: commands on a runtime that keeps its models loaded. At a terminal an error is
// printed and the next line is read; a script on standard input ends at its first error. Exit
// status: 0; 2 for a line, file or model that the user has to correct; 1 when the machine or the
// output failed; 130 after Ctrl-C.
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <exception>
#include <memory>
#include <sstream>
#include <string>

#include "actors/cascade/run_directory.h"
#include "apps/io/output.h"
#include "apps/options/resource_options.h"
#include "apps/shell/commands.h"
#include "apps/shell/completion.h"
#include "apps/shell/interrupts.h"
#include "apps/terminal/line_reader.h"

namespace blue::shell {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitBadInput = 2;
constexpr int kExitCancelled = 130;

int exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_input:
    case ErrorKind::corrupt: return kExitBadInput;
    case ErrorKind::cancelled: return kExitCancelled;
    case ErrorKind::exhausted:
    case ErrorKind::unavailable:
    case ErrorKind::failed: return kExitFailed;
  }
  return kExitFailed;
}

struct Arguments {
  runtime::RuntimeOptions runtime;
  std::string cascade;
  bool is_quiet = false;
};

void describe(CLI::App& app, Arguments& arguments) {
  app.set_version_flag("--version", "blue-shell 0.1.0");
  app.add_option("--device", arguments.runtime.device, "cpu, cuda:0, reference, or auto")
      ->capture_default_str();
  app.add_option("--context", arguments.runtime.max_context,
                 "Tokens of context; cut to what a model was trained for")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  apps::add_resource_options(app, arguments.runtime.resources);
  app.add_option("--runs", arguments.runtime.runs_root,
                 "Folder of the runs' logs; by default $BLUE_RUNS, else blue/runs in "
                 "$XDG_STATE_HOME, else in ~/.local/state");
  app.add_option("--cascade", arguments.cascade,
                 "Cascade file to start with, instead of the bundled one; its [resources] apply");
  apps::add_quiet_option(app, arguments.is_quiet);
}

/// Reads and runs lines until the end, or a script's first error. The exit status.
int read_commands(Session& session, terminal::LineReader& lines, bool is_terminal) {
  std::size_t number = 0;
  while (!session.wants_to_quit) {
    const std::optional<std::string> line = lines.next();
    if (!line) break;
    ++number;
    const Status done = execute(session, *line);
    io::flush_output();
    if (io::is_output_lost()) return kExitFailed;
    if (done) continue;
    if (is_terminal) {
      io::remark(done.error().message());
      continue;
    }
    io::message("line " + std::to_string(number) + ": " + done.error().message());
    return exit_status(done.error().kind());
  }
  return 0;
}

int tell(const Error& error) {
  io::message(error.message());
  return exit_status(error.kind());
}

int start_and_read(Arguments arguments) {
  Interrupts interrupts;  // before any thread
  io::MessageLog log(arguments.is_quiet ? LogLevel::warning : LogLevel::info);
  if (!arguments.cascade.empty()) {
    const auto cascade = actors::load_cascade(arguments.cascade);
    if (!cascade) return tell(cascade.error());
    arguments.runtime.resources = arguments.runtime.resources.or_else(cascade->resources);
    for (const actors::StageSpec& stage : cascade->stages)
      arguments.runtime.models.push_back(stage.model);
  }
  arguments.runtime.tracing = runtime::Tracing::on;
  if (arguments.runtime.runs_root.empty())
    arguments.runtime.runs_root = actors::default_runs_root();
  const std::filesystem::path runs_root = arguments.runtime.runs_root;
  auto runtime = runtime::Runtime::start(std::move(arguments.runtime), log);
  if (!runtime) return tell(runtime.error());
  if (!arguments.is_quiet) io::message("device " + to_text((*runtime)->resources()));
  Session session(**runtime, interrupts, runs_root);
  if (!arguments.cascade.empty()) {
    if (const Status loaded = session.load_cascade(arguments.cascade); !loaded)
      return tell(loaded.error());
  }
  const bool is_terminal = isatty(STDIN_FILENO) == 1;
  if (!is_terminal) return read_commands(session, *terminal::script_lines(), is_terminal);
  io::remark("help lists the commands");
  const auto lines = terminal::edited_lines(
      {.program = "blue-shell",
       .prompt = "blue> ",
       .history = terminal::history_path("history"),
       .complete = [&session](std::string_view before) { return complete(session, before); }});
  return read_commands(session, *lines, is_terminal);
}

int parse_and_run(int argc, char** argv) {
  CLI::App app(
      "Commands on a runtime that keeps its models loaded; reads a script where standard input is "
      "not a terminal.",
      "blue-shell");
  Arguments arguments;
  describe(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    if (problem.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      std::ostringstream text;
      const int status = app.exit(problem, text, text);
      io::print_text(text.str());
      return status;
    }
    io::messagef("%s (see blue-shell --help)", problem.what());
    return kExitBadInput;
  }
  return start_and_read(std::move(arguments));
}

}  // namespace
}  // namespace blue::shell

int main(int argc, char** argv) {
  blue::io::open_streams("blue-shell");
  int status = 1;
  try {
    status = blue::shell::parse_and_run(argc, argv);
  } catch (const std::bad_alloc&) {
    blue::io::message(
        "no memory: the machine, or a limit on this process (ulimit -a), grants no more; grant "
        "more, "
        "or ask for less (--vram, --context)");
  } catch (const std::exception& failure) {
    blue::io::messagef("internal error: %s", failure.what());
  }
  return blue::io::end_output(status);
}
