// `blue generate --help` held control bytes (the values of an enum, as characters), and dim text
// was written with NO_COLOR set and on terminals that know no sequences.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/apps/endless_model.h"
#include "tests/support/apps/terminal_program.h"
#include "tests/support/program.h"

namespace blue::test {
namespace {

TEST_CASE("help is plain text in every command") {
  const auto check = [](const std::string& program, const std::vector<std::string>& arguments) {
    const ProgramResult help = run_program(program, {.arguments = arguments});
    INFO(arguments.front() << "\n" << help.out);
    CHECK(help.exit_status == 0);
    CHECK(help.err.empty());
    CHECK(help.out.size() > 100);
    CHECK(std::ranges::none_of(help.out, [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
    }));
  };
  for (const std::string command : {"run", "resume", "generate", "chat", "tokenize", "logits",
                                    "inspect", "quantize", "doctor", "plan", "bench", "trace"})
    check("blue", {command, "--help"});
  check("blue", {"--help"});
  check("blue-shell", {"--help"});
  const ProgramResult generate = run_program("blue", {.arguments = {"generate", "--help"}});
  CHECK(generate.out.find("{f32,f16,q8_0}") != std::string::npos);
}

TEST_CASE("thinking is dim at a terminal, but not with NO_COLOR or TERM=dumb") {
  const ScratchFolder scratch;
  const std::string model = write_endless_model(scratch);
  // The answer begins inside the thinking.
  const std::string thinking = scratch.write("t.jinja", "{{ messages[0].content }}<think>\n");
  const auto screen = [&](const std::map<std::string, std::string>& environment) {
    std::map<std::string, std::string> all = {{"HOME", scratch.path()}, {"TERM", "xterm"}};
    for (const auto& [name, value] : environment) all[name] = value;
    TerminalProgram chat(
        program_folder() / "blue",
        {"chat", "-m", model, "-n", "4", "--temp", "0", "--chat-template", thinking}, all);
    REQUIRE(chat.read_until("> "));
    chat.type("hi\n");
    REQUIRE(chat.read_until("the answer was cut after 4 tokens"));
    REQUIRE(chat.read_until("> "));  // the editor reads keys again
    chat.type("\x04");
    CHECK(chat.finish() == 0);
    return chat.screen();
  };
  constexpr const char* kDim = "\x1b[2m";
  CHECK(screen({{"NO_COLOR", ""}}).find(kDim) != std::string::npos);
  CHECK(screen({{"NO_COLOR", "1"}}).find(kDim) == std::string::npos);
  CHECK(screen({{"TERM", "dumb"}}).find('\x1b') == std::string::npos);
}

TEST_CASE("the progress of quantize is drawn with plain lines where lines cannot be redrawn") {
  const ScratchFolder scratch;
  for (const std::string term : {"dumb", "xterm"}) {
    TerminalProgram quantize(
        program_folder() / "blue",
        {"quantize", "assets/nano/coder.gguf", scratch.path(term + ".gguf"), "Q8_0"},
        {{"TERM", term}});
    CHECK(quantize.finish() == 0);
    CHECK((quantize.screen().find('\x1b') != std::string::npos) == (term == "xterm"));
  }
}

}  // namespace
}  // namespace blue::test
