// Budgets, policy and threads on the command line and in a cascade's file.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/apps/one_stage_cascade.h"
#include "tests/support/program.h"
#include "tests/support/shared_data.h"

namespace blue::test {
namespace {

std::string coder() { return std::filesystem::absolute("assets/nano/coder.gguf").string(); }

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ProgramResult blue(std::vector<std::string> arguments, const std::vector<std::string>& more = {}) {
  const ScratchFolder scratch;
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program(
      "blue", {.arguments = arguments, .environment = {{"BLUE_RUNS", scratch.path("runs")}}});
}

std::vector<std::string> generate() {
  return {"generate", "-m", coder(), "-p", "Task: Sort xs.", "-n", "8", "--device", "cpu"};
}

TEST_CASE("a size, policy or number of threads that is none is one line and status 2 everywhere") {
  const std::string ids = "1 2 3";
  const ScratchFolder scratch;
  const std::string tokens = scratch.write("ids.txt", ids);
  const std::vector<std::vector<std::string>> commands = {
      generate(),
      {"chat", "-m", coder()},
      {"run", "Sort xs."},
      {"resume", "last"},
      {"logits", "-m", coder(), "--tokens", tokens, "-o", scratch.path("l.f32")},
      {"bench", "-m", coder(), "-p", "1", "-n", "1", "--runs", "1"}};
  for (const std::vector<std::string>& command : commands) {
    for (const auto& [flag, value, part] : std::vector<std::array<std::string, 3>>{
             {"--vram", "8", "--vram: '8' has no unit"},
             {"--ram", "101%", "--ram: '101%' is more than 100 %"},
             {"--policy", "fifo", "--policy: no policy 'fifo': auto, lru or lfu"},
             {"--threads", "0", "--threads"}}) {
      CAPTURE(command.front(), flag);
      const ProgramResult result = blue(command, {flag, value});
      CHECK(result.exit_status == 2);
      CHECK(has(result.err, part));
      CHECK(std::ranges::count(result.err, '\n') == 1);
    }
  }
  const ProgramResult shell = run_program("blue-shell", {.arguments = {"--vram", "256"}});
  CHECK(shell.exit_status == 2);
  CHECK(has(shell.err, "has no unit"));
}

TEST_CASE("a budget below the working set is refused with a figure, and that figure does") {
  const ProgramResult whole = blue(generate());
  REQUIRE(whole.exit_status == 0);
  const ProgramResult refused = blue(generate(), {"--vram", "20KiB"});
  CHECK(refused.exit_status == 2);
  const std::size_t at = refused.err.find("give --vram ");
  REQUIRE(at != std::string::npos);
  const std::size_t begin = at + 12;
  const std::string figure = refused.err.substr(begin, refused.err.find(' ', begin) - begin);
  const ProgramResult done = blue(generate(), {"--vram", figure});
  INFO(done.err);
  CHECK(done.exit_status == 0);
  CHECK(done.out == whole.out);
}

TEST_CASE("one line says what was decided, and none with --quiet") {
  const ProgramResult told =
      blue(generate(), {"--vram", "64MiB", "--ram", "1GB", "--policy", "lfu", "--threads", "1"});
  REQUIRE(told.exit_status == 0);
  CHECK(has(told.err, "; vram 64.00 MiB, ram unused, policy lfu, 1 thread\n"));
  CHECK(has(told.err, "--ram is not used"));
  const ProgramResult quiet = blue(generate(), {"--quiet", "--ram", "1GB"});
  CHECK(quiet.out == told.out);
  CHECK(std::ranges::count(quiet.err, '\n') <= 1);  // behind the text
  CHECK_FALSE(has(quiet.err, "blue:"));
}

TEST_CASE("a cascade's [resources] apply to its run and resume, and flags go first") {
  const ScratchFolder scratch;
  const std::string path = scratch.write(
      "c.toml",
      one_stage_cascade(coder(), "{task}", "[resources]\nvram = \"40MiB\"\npolicy = \"lru\"\n"));
  const ProgramResult of_file =
      blue({"run", "Sort xs.", "--cascade", path, "--device", "reference"});
  INFO(of_file.err);
  CHECK(of_file.exit_status == 0);
  CHECK(has(of_file.err, "vram 40.00 MiB, ram unused, policy lru"));
  const ProgramResult of_flags =
      blue({"run", "Sort xs.", "--cascade", path, "--device", "reference", "--vram", "50MiB"});
  CHECK(has(of_flags.err, "vram 50.00 MiB, ram unused, policy lru"));
  const ProgramResult shell =
      run_program("blue-shell",
                  {.arguments = {"--cascade", path, "--device", "reference"}, .input = "tiers\n"});
  CHECK(has(shell.err, "vram 40.00 MiB"));
}

TEST_CASE("bench says which tokens it fed and what they missed") {
  const ScratchFolder scratch;
  const std::string tokens = scratch.write("ids.txt", "1 2 3\n4 5 6 7\n");
  const std::vector<std::string> bench = {"bench", "-m", coder(), "--device", "cpu", "-p",
                                          "4",     "-n", "3",     "--runs",   "2",   "--json"};
  const auto parsed = [&](const std::vector<std::string>& more) {
    const ProgramResult result = blue(bench, more);
    INFO(result.err);
    REQUIRE(result.exit_status == 0);
    return nlohmann::json::parse(result.out);
  };
  const auto resident = parsed({});
  CHECK(resident["tokens"] == "its own, the same in every run");
  CHECK(resident["decode"]["bytes_missed_per_token"] == 0);
  CHECK(resident["decode"]["hit_rate"] == 1);
  // Three runs of seven ids, the first of which loads.
  const auto streamed = parsed({"--tokens", tokens, "--vram", "1MiB"});
  CHECK(streamed["tokens"] == tokens + ", 7 ids, read 3.0 times");
  CHECK(streamed["decode"]["bytes_missed_per_token"] > 100'000);
  CHECK(streamed["decode"]["hit_rate"] < 1);
  CHECK(parsed({"--random-tokens", "7"})["tokens"] == "random, seed 7");
  CHECK(blue(bench, {"--random-tokens", "7", "--tokens", tokens}).exit_status == 2);
}

TEST_CASE("a file of token ids is refused with line and word") {
  const ScratchFolder scratch;
  const std::string wrong = scratch.write("ids.txt", "1 2\n3 four\n");
  const std::string large = scratch.write("large.txt", "1\n\n99999999\n");
  const std::vector<std::string> bench = {"bench", "-m", coder(), "-p", "1", "-n", "1"};
  const ProgramResult word = blue(bench, {"--tokens", wrong});
  CHECK(word.exit_status == 2);
  CHECK(has(word.err, wrong + ":2: word 4, 'four', is not a token id"));
  const ProgramResult id = blue(bench, {"--tokens", large});
  CHECK(id.exit_status == 2);
  CHECK(has(id.err, large + ":3: word 2, '99999999', is not a token id below"));
  CHECK(blue({"logits", "-m", coder(), "-o", scratch.path("l"), "--tokens", wrong}).exit_status ==
        2);
}

}  // namespace
}  // namespace blue::test
