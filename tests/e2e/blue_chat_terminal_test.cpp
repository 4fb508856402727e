// `blue chat` at a terminal: lines that are edited and remembered, Ctrl-C wherever it may come, the
// ends.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/apps/endless_model.h"
#include "tests/support/apps/terminal_program.h"
#include "tests/support/program.h"

namespace blue::test {
namespace {

constexpr const char* kModel = "assets/nano/coder.gguf";

class ChatAtTerminal {
 public:
  ChatAtTerminal(const ScratchFolder& scratch, std::vector<std::string> arguments,
                 const std::string& locale = "C.UTF-8")
      : program_(program_folder() / "blue", with_command(std::move(arguments)),
                 {{"TERM", "dumb"},
                  {"LC_ALL", locale},
                  {"HOME", scratch.path("home")},
                  {"XDG_STATE_HOME", scratch.path("state")}}) {}

  TerminalProgram& operator*() { return program_; }
  TerminalProgram* operator->() { return &program_; }
  /// Types a line once there is a prompt for it, and waits until it was taken.
  bool send(const std::string& line) {
    if (!program_.read_until("> ")) return false;
    program_.type(line + "\n");
    return program_.read_until(line + "\r\n");
  }

 private:
  static std::vector<std::string> with_command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "chat");
    return arguments;
  }
  TerminalProgram program_;
};

nlohmann::json saved_conversation(const std::string& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

TEST_CASE(
    "a conversation at a terminal: lines come back with the arrow, /clear forgets, /save writes, "
    "Ctrl-D "
    "ends") {
  const ScratchFolder scratch;
  const std::string conversation = scratch.path("conversation.json");
  const std::vector<std::string> arguments = {"-m", kModel, "-n", "12", "--temp", "0"};
  {
    ChatAtTerminal chat(scratch, arguments);
    REQUIRE(chat.send("first"));
    REQUIRE(chat.send("/clear"));
    REQUIRE(chat.send("second"));
    REQUIRE(chat->read_until("> "));
    chat->type("\x1b[A");  // the arrow up
    REQUIRE(chat->read_until("second"));
    chat->type(" time\n");
    REQUIRE(chat->read_until("\r\n"));
    REQUIRE(chat.send("/save " + conversation));
    REQUIRE(chat->read_until("> "));
    chat->type("\x04");
    CHECK(chat->finish() == 0);
    INFO(chat->screen());
    const nlohmann::json saved = saved_conversation(conversation);
    REQUIRE(saved.size() == 4);
    CHECK(saved[0]["content"] == "second");
    CHECK(saved[2]["content"] == "second time");
    CHECK(saved[3]["role"] == "assistant");
  }
  // The next program remembers the lines of the one before.
  ChatAtTerminal chat(scratch, arguments);
  REQUIRE(chat->read_until("> "));
  chat->type("\x1b[A");
  CHECK(chat->read_until("/save " + conversation));
  chat->type("\x03");
  CHECK(chat->finish() == 0);
}

TEST_CASE(
    "what is typed in any script reaches the conversation, also in a locale of single bytes") {
  const std::string line = "h\u00e9 \u65e5\u672c \U0001f600";
  for (const std::string locale : {"C", "C.UTF-8"}) {
    const ScratchFolder scratch;
    const std::string conversation = scratch.path("conversation.json");
    ChatAtTerminal chat(scratch, {"-m", kModel, "-n", "4", "--temp", "0"}, locale);
    REQUIRE(chat.send(line));
    REQUIRE(chat.send("/save " + conversation));
    REQUIRE(chat.send("/quit"));
    CHECK(chat->finish() == 0);
    CHECK(saved_conversation(conversation)[0]["content"] == line);
  }
}

TEST_CASE("Ctrl-C at the prompt ends the program, with a line half typed too") {
  const ScratchFolder scratch;
  for (const std::string typed : {"", "half a li"}) {
    ChatAtTerminal chat(scratch, {"-m", kModel, "-n", "4", "--temp", "0"});
    REQUIRE(chat->read_until("> "));
    chat->type(typed);
    REQUIRE(chat->read_until(typed));
    chat->type("\x03");
    CHECK(chat->finish() == 0);
    CHECK(chat->screen().find("def") == std::string::npos);
  }
}

TEST_CASE("Ctrl-C stops an answer and keeps what there is of it") {
  const ScratchFolder scratch;
  const std::string conversation = scratch.path("conversation.json");
  ChatAtTerminal chat(scratch, {"-m", write_endless_model(scratch), "-n", "60000", "--context",
                                "65536", "--temp", "1", "--device", "reference"});
  REQUIRE(chat.send("go on and on"));
  REQUIRE(chat->read_more(20));
  REQUIRE(chat->wait_until_at_work());
  chat->type("\x03");
  REQUIRE(chat->read_until("blue: the answer was stopped\r\n"));
  REQUIRE(chat.send("/save " + conversation));
  REQUIRE(chat.send("/quit"));
  CHECK(chat->finish() == 0);
  const nlohmann::json saved = saved_conversation(conversation);
  REQUIRE(saved.size() == 2);
  CHECK(saved[0]["content"] == "go on and on");
  CHECK_FALSE(saved[1]["content"].get<std::string>().empty());
}

TEST_CASE("Ctrl-C while the prompt is taken in forgets the message, and the next one is answered") {
  const ScratchFolder scratch;
  const std::string conversation = scratch.path("conversation.json");
  // Some 50,000 tokens on the slowest device: the prompt takes far longer than a key press.
  std::string system;
  while (system.size() < 50'000) system += "word " + std::to_string(system.size()) + ", ";
  ChatAtTerminal chat(scratch, {"-m", write_endless_model(scratch), "-n", "6", "--context", "65536",
                                "--temp", "1", "--device", "reference", "--system", system});
  REQUIRE(chat.send("never answered"));
  REQUIRE(chat->wait_until_at_work());
  chat->type("\x03");
  REQUIRE(chat->read_until(
      "blue: the answer was stopped before it began; your message is forgotten\r\n"));
  REQUIRE(chat.send("/system"));
  REQUIRE(chat.send("hi"));
  REQUIRE(chat->read_until("blue: the answer was cut after 6 tokens (-n)\r\n"));
  REQUIRE(chat.send("/save " + conversation));
  REQUIRE(chat.send("/quit"));
  CHECK(chat->finish() == 0);
  const nlohmann::json saved = saved_conversation(conversation);
  REQUIRE(saved.size() == 2);
  CHECK(saved[0]["content"] == "hi");
}

}  // namespace
}  // namespace blue::test
