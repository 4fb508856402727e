// `blue chat` as a script uses it, on the bundled model. What it is at a terminal:
// blue_chat_terminal_test.cpp.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/program.h"

namespace blue::test {
namespace {

constexpr const char* kModel = "assets/nano/coder.gguf";

TEST_CASE("a piped conversation gives an answer a line and keeps its history") {
  const ScratchFolder scratch;
  const std::string conversation = scratch.path("conversation.json");
  const ProgramResult result = run_program(
      "blue",
      {.arguments = {"chat", "-m", kModel, "-n", "24", "--temp", "0", "--system", "Be kind."},
       .input = "hello\n\nmore\n/save " + conversation + "\n"});
  INFO(result.err);
  REQUIRE(result.exit_status == 0);
  std::ifstream file(conversation);
  const auto saved = nlohmann::json::parse(file);
  REQUIRE(saved.size() == 5);
  CHECK(saved[0]["role"] == "system");
  CHECK(saved[1]["content"] == "hello");
  CHECK(saved[2]["role"] == "assistant");
  CHECK(saved[3]["content"] == "more");
  CHECK(result.out == saved[2]["content"].get<std::string>() + "\n" +
                          saved[4]["content"].get<std::string>() + "\n");
}

TEST_CASE("a message that does not fit leaves the conversation as it was") {
  const ScratchFolder scratch;
  const std::string conversation = scratch.path("conversation.json");
  const ProgramResult result = run_program(
      "blue",
      {.arguments = {"chat", "-m", kModel, "-n", "4", "--temp", "0", "--context", "64"},
       .input = "hi\n" + std::string(4000, 'x') + "\n/nonsense\n/save " + conversation + "\n"});
  INFO(result.err);
  CHECK(result.exit_status == 2);
  CHECK(result.err.find("/clear") != std::string::npos);
  CHECK(result.err.find("/nonsense: no such command") != std::string::npos);
  std::ifstream file(conversation);
  CHECK(nlohmann::json::parse(file).size() == 2);
}

}  // namespace
}  // namespace blue::test
