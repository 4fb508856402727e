// What a user gets wrong: one clear line that names the thing, exit status 2, nothing lost.
#include <catch2/catch_test_macros.hpp>
#include <cstring>

#include "tests/support/program.h"
#include "tests/support/shared_data.h"

namespace blue::test {
namespace {

void check_refusal(const std::vector<std::string>& arguments,
                   const std::vector<std::string>& names) {
  const ScratchFolder scratch;
  const ProgramResult result = run_program(
      "blue", {.arguments = arguments, .environment = {{"BLUE_RUNS", scratch.path("runs")}}});
  std::string line;
  for (const std::string& argument : arguments) line += argument + " ";
  INFO("blue " << line);
  INFO("stderr: " << result.err);
  CHECK(result.exit_status == 2);
  CHECK(result.out.empty());
  // The last line is the error; before it the device may have been named.
  const std::string body = result.err.substr(0, result.err.find_last_not_of('\n') + 1);
  const std::size_t begin = body.rfind('\n') == std::string::npos ? 0 : body.rfind('\n') + 1;
  const std::string complaint = body.substr(begin);
  CHECK(complaint.find("blue: ") == 0);
  for (const std::string& name : names) CHECK(complaint.find(name) != std::string::npos);
}

std::string asset(const std::string& relative) {
  return (std::filesystem::absolute("assets") / relative).string();
}

TEST_CASE("unknown commands, flags and missing values are one line and exit status 2") {
  check_refusal({}, {"subcommand"});
  check_refusal({"frobnicate"}, {"frobnicate"});
  check_refusal({"generate", "--frobnicate"}, {"frobnicate"});
  check_refusal({"generate"}, {"--model"});
  check_refusal({"generate", "-m"}, {"--model"});
  check_refusal({"generate", "-m", "x.gguf", "-n", "many"}, {"--tokens"});
  check_refusal({"generate", "-m", "x.gguf", "-n", "0"}, {"--tokens"});
  check_refusal({"run"}, {"task"});
  check_refusal({"trace", "/nowhere/t.json"}, {"/nowhere/t.json"});
  check_refusal({"resume", "no-such-run"}, {"no-such-run"});
}

TEST_CASE("a device that is not there is refused by name") {
  check_refusal({"generate", "-m", asset("nano/coder.gguf"), "-p", "x", "--device", "tpu"},
                {"tpu", "cpu"});
}

TEST_CASE("files that are no models are refused by name") {
  const ScratchFolder scratch;
  const std::string whole = read_text(asset("nano/coder.gguf"));
  const std::string truncated =
      scratch.write("truncated.gguf", std::string_view(whole).substr(0, whole.size() / 2));
  const std::string header = scratch.write("header.gguf", std::string_view(whole).substr(0, 1000));
  const std::string empty = scratch.write("empty.gguf", "");
  const std::string text = scratch.write("text.gguf", "this is no model at all, only some text");
  for (const std::string& path :
       {truncated, header, empty, text, scratch.path(), std::string("/nowhere/m.gguf")}) {
    check_refusal({"generate", "-m", path, "-p", "x"}, {path});
    check_refusal({"inspect", path}, {path});
    check_refusal({"tokenize", "-m", path}, {path});
    check_refusal({"run", "task", "--set", "code.model=" + path}, {path, "code"});
  }
}

TEST_CASE("an unknown architecture is refused by name") {
  const ScratchFolder scratch;
  std::string bytes = read_text(asset("nano/reviewer.gguf"));
  // general.architecture is the string "qwen3": another of the same length keeps the file whole.
  const std::size_t key = bytes.find("general.architecture");
  REQUIRE(key != std::string::npos);
  const std::size_t value = bytes.find("qwen3", key);
  REQUIRE(value != std::string::npos);
  bytes.replace(value, 5, "qwirk");
  const std::string path = scratch.write("odd.gguf", bytes);
  check_refusal({"generate", "-m", path, "-p", "x"}, {path, "qwirk", "llama"});
}

TEST_CASE("a cascade that names a missing slot is refused with file and line") {
  const ScratchFolder scratch;
  const std::string path = scratch.write("c.toml", R"(name = "c"
slots = ["task", "answer"]
input = "task"
output = "answer"
[[stage]]
name = "only"
model = ")" + asset("nano/coder.gguf") + R"("
prompt = "{task} {reasoning}"
reads = ["task", "reasoning"]
writes = "answer"
)");
  check_refusal({"run", "task", "--cascade", path}, {path, "reasoning"});
  check_refusal({"run", "task", "--cascade", "/nowhere/c.toml"}, {"/nowhere/c.toml"});
  check_refusal({"run", "task", "--set", "nobody.model=x"}, {"nobody"});
  check_refusal({"run", " \n"}, {"task is empty"});
}

TEST_CASE("a prompt longer than the context is refused with both lengths") {
  const std::string long_prompt(20000, 'x');
  check_refusal({"generate", "-m", asset("nano/coder.gguf"), "-p", long_prompt},
                {"context", "1024"});
}

}  // namespace
}  // namespace blue::test
