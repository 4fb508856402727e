// A full disk or a closed pipe went unnoticed: blue printed into nothing and ended with
// status 0, or was killed by SIGPIPE. Each command reports it in one line, stops, and ends with 1.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/apps/child_program.h"
#include "tests/support/apps/endless_model.h"
#include "tests/support/program.h"

namespace blue::test {
namespace {

constexpr const char* kModel = "assets/nano/coder.gguf";
constexpr const char* kFull = "/dev/full";

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

void check_noticed(const std::string& program, ProgramCall call) {
  const ScratchFolder scratch;
  call.environment.emplace("BLUE_RUNS", scratch.path("runs"));
  call.output = kFull;
  const ProgramResult result = run_program(program, call);
  std::string line = program;
  for (const std::string& argument : call.arguments) line += " " + argument;
  INFO(line << "\n" << result.err);
  CHECK(result.exit_status == 1);
  CHECK(count(result.err, program + ": standard output: No space left on device\n") == 1);
  CHECK(count(result.err, "standard output") == 1);
}

TEST_CASE("a full disk behind standard output is noticed by every command") {
  const ScratchFolder scratch;
  const std::string trace = scratch.path("trace.json");
  REQUIRE(run_program("blue", {.arguments = {"generate", "-m", kModel, "-p", "x", "-n", "2",
                                             "--trace", trace}})
              .exit_status == 0);
  const std::vector<std::vector<std::string>> calls = {
      {"--help"},
      {"--version"},
      {"generate", "--help"},
      {"generate", "-m", kModel, "-p", "x", "-n", "8"},
      {"run", "Add two numbers."},
      {"run", "Add two numbers.", "--json"},
      {"tokenize", "-m", kModel, "-p", "some text"},
      {"tokenize", "-m", kModel, "-p", "some text", "--ids"},
      {"inspect", kModel},
      {"inspect", kModel, "--json"},
      {"doctor", "--measure-ms", "1"},
      {"doctor", "--measure-ms", "1", "--json"},
      {"bench", "-m", kModel, "-p", "4", "-n", "2", "--runs", "1"},
      {"bench", "-m", kModel, "-p", "4", "-n", "2", "--runs", "1", "--json"},
      {"trace", trace},
  };
  for (const std::vector<std::string>& arguments : calls)
    check_noticed("blue", {.arguments = arguments});
  check_noticed("blue",
                {.arguments = {"chat", "-m", kModel, "-n", "8"}, .input = "hi\nand then\n"});
  check_noticed("blue-shell", {.arguments = {"--help"}});
  check_noticed("blue-shell", {.input = "help\nmodels\n"});
  check_noticed("blue-shell",
                {.input = "load " + std::string(kModel) + "\ngenerate def f(\nmodels\n"});
}

TEST_CASE("a run whose output failed can be resumed, and resuming notices it too") {
  const ScratchFolder scratch;
  const std::map<std::string, std::string> environment = {{"BLUE_RUNS", scratch.path("runs")}};
  // A prompt of 50,000 tokens on the slowest device: the run is cancelled while it is computed,
  // before there is a token that could end the stage.
  const std::string task = scratch.write("task", std::string(50'000, 'x'));
  const std::string cascade = scratch.write("c.toml", R"(name = "c"
slots = ["task", "answer"]
input = "task"
output = "answer"
[[stage]]
name = "only"
model = ")" + write_endless_model(scratch) + R"("
prompt = "{task}"
reads = ["task"]
writes = "answer"
max_tokens = 8
)");
  const ProgramResult begun = run_program(
      "blue", {.arguments = {"run", "-f", task, "--cascade", cascade, "--device", "reference"},
               .environment = environment,
               .output = kFull});
  INFO(begun.err);
  REQUIRE(begun.exit_status == 1);
  REQUIRE(begun.err.find("blue resume ") != std::string::npos);
  check_noticed("blue", {.arguments = {"resume", "last", "--device", "reference"},
                         .environment = environment});
}

TEST_CASE("a full disk behind a file that is written is noticed") {
  const auto check = [](const std::string& program, const ProgramCall& call) {
    const ProgramResult result = run_program(program, call);
    INFO(result.err);
    CHECK(result.exit_status == 1);
    CHECK(count(result.err, "/dev/full: No space left on device\n") == 1);
  };
  check("blue", {.arguments = {"generate", "-m", kModel, "-p", "x", "-n", "2", "--trace", kFull}});
  check("blue", {.arguments = {"chat", "-m", kModel, "-n", "2"}, .input = "hi\n/save /dev/full\n"});
  const ScratchFolder scratch;
  check("blue", {.arguments = {"logits", "-m", kModel, "--tokens", scratch.write("t", "1 2 3"),
                               "-o", kFull}});
  check("blue-shell", {.input = "trace /dev/full\n"});
}

TEST_CASE("generation stops when the reader of its output goes") {
  const ScratchFolder scratch;
  const std::string model = write_endless_model(scratch);
  const auto check = [](ChildProgram& child, const std::string& program) {
    CHECK(child.finish() == 1);
    INFO(child.err());
    CHECK(count(child.err(), program + ": standard output: its reader has gone (broken pipe)\n") ==
          1);
    CHECK(child.err().find("tokens/s") == std::string::npos);
  };
  {
    ChildProgram child(program_folder() / "blue",
                       {"generate", "-m", model, "-p", "a", "-n", "60000", "--context", "65536"});
    REQUIRE(child.read_bytes(4));
    child.close_output();
    check(child, "blue");
  }
  {
    ChildProgram child(program_folder() / "blue",
                       {"chat", "-m", model, "-n", "60000", "--context", "65536"});
    child.write("hello\n");
    REQUIRE(child.read_bytes(4));
    child.close_output();
    check(child, "blue");
  }
}

}  // namespace
}  // namespace blue::test
