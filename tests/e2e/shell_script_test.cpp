// blue-shell as a program, fed with scripts.
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/apps/child_program.h"
#include "tests/support/program.h"
#include "tests/support/shared_data.h"

using blue::test::ChildProgram;
using blue::test::ProgramCall;
using blue::test::ProgramResult;
using blue::test::run_program;
using blue::test::ScratchFolder;

namespace {

std::vector<std::string> arguments(const ScratchFolder& folder) {
  return {"--device", "cpu", "--vram", "256MiB", "--runs", folder.path("runs")};
}

ProgramResult shell(const ScratchFolder& folder, const std::string& script) {
  return run_program("blue-shell", {.arguments = arguments(folder), .input = script});
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A cascade of `n` stages that all continue the task with `model`.
std::string write_cascade(const ScratchFolder& folder, const std::string& model, int n,
                          int max_tokens) {
  std::ostringstream slots;
  std::ostringstream stages;
  for (int i = 0; i < n; ++i) {
    slots << ", \"s" << i << "\"";
    stages << "[[stage]]\nname = \"stage" << i << "\"\nrole = \"thinker\"\nmodel = \"" << model
           << "\"\nprompt = \"{task}\"\nreads = [\"task\"]\nwrites = \"s" << i
           << "\"\nmax_tokens = " << max_tokens << "\n";
  }
  const std::string path = folder.path("many.toml");
  std::ofstream(path) << "name = \"many\"\nslots = [\"task\"" << slots.str()
                      << "]\ninput = \"task\"\noutput = \"s" << n - 1 << "\"\n"
                      << stages.str();
  return path;
}

/// The one core that a thread may run on; -1 when it may run on several.
int pinned_core(pid_t process, int thread) {
  std::ifstream status("/proc/" + std::to_string(process) + "/task/" + std::to_string(thread) +
                       "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("Cpus_allowed_list:")) continue;
    const std::string list = line.substr(line.find_first_of("0123456789"));
    return list.find_first_of(",-") == std::string::npos ? std::stoi(list) : -1;
  }
  return -1;
}

}  // namespace

TEST_CASE("the shell lists its commands and ends well at the end of a script") {
  const ScratchFolder folder;
  const ProgramResult end = shell(folder, "help\n\n# a comment\nhelp load\n");
  CHECK(end.exit_status == 0);
  for (const char* command :
       {"load", "generate", "run", "cascade", "set", "slots", "actors", "tiers", "hints", "traces",
        "trace", "models", "resume", "runs", "quit"}) {
    CHECK(has(end.out, std::string("  ") + command));
  }
  CHECK_FALSE(has(end.out, "blue>"));
}

TEST_CASE("a script ends at its first unknown command with status 2, naming the line") {
  const ScratchFolder folder;
  const ProgramResult end = shell(folder, "help\njuggle three balls\nactors\n");
  CHECK(end.exit_status == 2);
  CHECK(has(end.err, "line 2: no command 'juggle'"));
  CHECK_FALSE(has(end.out, "supervisor"));
}

TEST_CASE("commands refuse what they can't work with") {
  const ScratchFolder folder;
  for (const auto& [line, remark] : std::vector<std::pair<std::string, std::string>>{
           {"load /absent/model.gguf", "/absent/model.gguf"},
           {"load " + folder.path(), folder.path()},
           {"load", "load needs FILE"},
           {"actors now", "takes no argument"},
           {"generate hello", "load FILE"},
           {"cascade /absent/c.toml", "/absent/c.toml"},
           {"set generate.colour=red", "colour"},
           {"set nonsense", "STAGE.KEY=VALUE"},
           {"slots", "no run yet"},
           {"resume", "run"},
           {"trace /absent/folder/t.json", "/absent/folder/t.json"},
           {"help juggle", "juggle"},
       }) {
    CAPTURE(line);
    const ProgramResult end = shell(folder, line + "\n");
    CHECK(end.exit_status == 2);
    CHECK(has(end.err, remark));
  }
}

TEST_CASE("the shell refuses impossible flags with status 2") {
  CHECK(run_program("blue-shell", {.arguments = {"--nonsense"}}).exit_status == 2);
  CHECK(run_program("blue-shell", {.arguments = {"--device", "abacus"}}).exit_status != 0);
  CHECK(run_program("blue-shell", {.arguments = {"--help"}}).exit_status == 0);
}

TEST_CASE("every actor that the shell lists is a thread pinned to the core that it says") {
  const ScratchFolder folder;
  ChildProgram child(blue::test::program_folder() / "blue-shell", arguments(folder));
  child.write("actors\ntiers\n");
  REQUIRE(child.read_until("nvme "));
  std::istringstream lines(child.out());
  std::string line;
  std::set<std::string> kinds;
  std::getline(lines, line);  // the heading
  for (std::string name, kind, core; std::getline(lines, line);) {
    std::istringstream fields(line);
    int thread = 0;
    if (!(fields >> name >> kind >> thread >> core)) break;
    CAPTURE(line);
    kinds.insert(kind);
    CHECK(std::to_string(pinned_core(child.id(), thread)) == core);
  }
  for (const char* kind :
       {"supervisor", "scheduler", "entropy_monitor", "tiering", "dma_engine", "watchdog"}) {
    CHECK(kinds.count(kind) == 1);
  }
  CHECK(child.finish() == 0);
}

TEST_CASE("the shell generates what the reference text says") {
  BLUE_NEED_SHARED_DATA(data);
  const ScratchFolder folder;
  const std::string model = (data / "models/stories260K.gguf").string();
  const std::string expected =
      blue::test::read_text(data / "models/stories260K.greedy.txt").substr(0, 60);
  const ProgramResult end =
      shell(folder, "set generate.max_tokens=64\nload " + model + "\ngenerate\nmodels\ntraces\n");
  CHECK(end.exit_status == 0);
  CHECK(has(end.out, expected));
  CHECK(has(end.out, "* " + model));
  CHECK(has(end.out, "run_stage"));
}

TEST_CASE("the shell runs a cascade and shows its slots, and its trace is written") {
  BLUE_NEED_SHARED_DATA(data);
  const ScratchFolder folder;
  const std::string cascade =
      write_cascade(folder, (data / "models/stories260K.gguf").string(), 2, 8);
  const std::string trace = folder.path("trace.json");
  const ProgramResult end =
      shell(folder, "cascade " + cascade + "\nset stage1.max_tokens=4\nrun A little girl\nslots\n" +
                        "slots task\nruns\ntrace " + trace + "\n");
  CAPTURE(end.err);
  CHECK(end.exit_status == 0);
  CHECK(has(end.out, "== slot s0: "));
  CHECK(has(end.out, "== slot s1: "));
  CHECK(has(end.out, "\nA little girl\n"));
  CHECK(has(end.out, "completed; many; A little girl"));
  CHECK(has(blue::test::read_text(trace), "\"traceEvents\""));
}

TEST_CASE("Ctrl-C cancels the run and not the shell, and the run can be resumed") {
  BLUE_NEED_SHARED_DATA(data);
  const ScratchFolder folder;
  const std::string cascade =
      write_cascade(folder, (data / "models/stories260K.gguf").string(), 28, 480);
  ChildProgram child(blue::test::program_folder() / "blue-shell", arguments(folder));
  child.write("cascade " + cascade + "\nrun A little girl\nhelp\n");
  REQUIRE(child.read_until("== stage0"));
  child.send_signal(SIGINT);
  CHECK(child.finish() == 130);  // an exit of its own, 128 + 2 by convention
  CHECK(has(child.err(), "line 2: "));
  CHECK_FALSE(has(child.out(), "== slot s27"));

  const ProgramResult resumed = shell(folder, "runs\nresume\n");
  CAPTURE(resumed.err);
  CHECK(resumed.exit_status == 0);
  CHECK(has(resumed.out, "cancelled; many"));
  CHECK(has(resumed.out, "== slot s27: "));
}
