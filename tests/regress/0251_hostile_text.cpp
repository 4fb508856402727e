// Names, keys and values of files, file names and template messages reached the terminal raw: they
// could clear it, colour it, and write lines that look like the program's own.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "tests/support/apps/endless_model.h"
#include "tests/support/apps/terminal_program.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/models/vocabularies.h"
#include "tests/support/program.h"

namespace blue::test {
namespace {

using models::testing::GgufWriter;
using models::testing::TinyModelWriter;
using models::testing::TinyShape;

/// Clears the screen, turns the text around, ends the line and forges another.
const std::string kHostile =
    "\x1b[2J\x1b]0;title\x07\u202e\u009b31m\x9b\x7f\r\nblue: all is well\u2028";

/// A control byte but \n and \t, or a character that steers.
bool has_hostile(const std::string& text) {
  const bool has_control = std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
  });
  const auto has = [&](const char* what) { return text.find(what) != std::string::npos; };
  return has_control || has("\u202e") || has("\u009b") || has("\u2028");
}

void check_tame(const std::string& program, const ProgramCall& call) {
  const ProgramResult result = run_program(program, call);
  INFO(result.out << "\n" << result.err);
  CHECK_FALSE(has_hostile(result.out));
  CHECK_FALSE(has_hostile(result.err));
  CHECK(result.err.size() < 4000);
  for (const std::string& output : {result.out, result.err}) {
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) CHECK(line != "blue: all is well");
  }
}

void check_refused(const std::vector<std::string>& arguments, const std::string& input = "") {
  INFO(arguments.front());
  const ProgramCall call{.arguments = arguments, .input = input};
  check_tame("blue", call);
  const ProgramResult result = run_program("blue", call);
  CHECK(result.exit_status == 2);
  // The text is shown; some layers replace the escape byte before it is printed.
  CHECK(result.err.find("[2J") != std::string::npos);
}

TinyShape byte_level_shape() {
  TinyShape shape;
  shape.n_vocab = 264;
  shape.n_context = 1024;
  shape.keys = [](GgufWriter& file) { models::testing::add_byte_level_keys(file, "gpt-2"); };
  return shape;
}

TEST_CASE("hostile names in the arguments and in file names are escaped by every command") {
  const ScratchFolder scratch;
  const std::string& bad = kHostile;
  const std::string file = scratch.path("no such " + bad);
  check_refused({bad});
  check_refused({"--" + bad});
  check_refused({"generate", "-m", file, "-p", "x"});
  check_refused({"generate", "-m", "assets/nano/coder.gguf", "-f", file});
  check_refused({"generate", "-m", "assets/nano/coder.gguf", "-p", "x", "--device", bad});
  check_refused({"generate", "-m", "assets/nano/coder.gguf", "-p", "x", "--chat-template", file});
  check_refused({"chat", "-m", file});
  check_refused({"chat", "-m", "assets/nano/coder.gguf"}, "/" + bad + "\n");
  check_refused({"tokenize", "-m", file});
  check_refused({"logits", "-m", file, "--tokens", file, "-o", file});
  check_refused({"inspect", file});
  check_refused({"quantize", file, scratch.path("out.gguf"), "Q8_0"});
  check_refused({"quantize", "assets/nano/coder.gguf", scratch.path("out.gguf"), bad});
  check_refused({"bench", "-m", file});
  check_refused({"trace", file});
  check_refused({"resume", bad});
  check_refused({"run", "task", "--cascade", file});
  check_refused({"run", "task", "--set", bad + ".model=x"});
  check_refused({"run", "task", "--set", "code.model=" + file});
  check_tame("blue-shell", {.input = "load " + scratch.path("no such \x1b[2J\u202e") + "\n"});
  check_tame("blue-shell", {.input = "\x1b[2J\u202e\n"});
}

TEST_CASE("hostile keys, values and tensor names of a model are escaped by every command") {
  const ScratchFolder scratch;
  TinyShape shape = byte_level_shape();
  const auto keys = shape.keys;
  shape.keys = [&](GgufWriter& file) {
    keys(file);
    file.text("general.description", kHostile);
    file.text(kHostile, "value of a hostile key");
    file.text("general.long", std::string(300'000, 'x') + kHostile);
  };
  const std::string model = scratch.write("model.gguf", TinyModelWriter(shape).write());
  check_tame("blue", {.arguments = {"inspect", model}});
  check_tame("blue", {.arguments = {"generate", "-m", model, "-p", "x", "-n", "1"}});
  check_tame("blue", {.arguments = {"quantize", model, scratch.path("out.gguf"), "Q8_0"}});

  GgufWriter tensors;
  tensors.text("general.architecture", kHostile);
  tensors.tensor(kHostile, {32}, 0, std::string(128, '\0'));
  const std::string odd = scratch.write("odd.gguf", tensors.finish());
  check_tame("blue", {.arguments = {"inspect", odd}});
  const ProgramResult inspected = run_program("blue", {.arguments = {"inspect", odd}});
  CHECK(inspected.exit_status == 0);
  CHECK(inspected.out.find("\\x1b[2J") != std::string::npos);
  check_refused({"generate", "-m", odd, "-p", "x"});
  check_refused({"bench", "-m", odd});
}

TEST_CASE("what a template raises is escaped") {
  const ScratchFolder scratch;
  TinyShape shape = byte_level_shape();
  const auto keys = shape.keys;
  shape.keys = [&](GgufWriter& file) {
    keys(file);
    file.text("tokenizer.chat_template", "{{ raise_exception('" + kHostile + "') }}");
  };
  const std::string model = scratch.write("model.gguf", TinyModelWriter(shape).write());
  check_refused({"generate", "-m", model, "-p", "x"});
  check_refused({"chat", "-m", model}, "hello\n");
}

TEST_CASE("names in a cascade and in a trace file are escaped") {
  const ScratchFolder scratch;
  const std::string stage = R"(only \u001b[2J\u202e\nblue: all is well)";
  const std::string cascade = scratch.write("c.toml", R"(name = "c"
slots = ["task", "answer"]
input = "task"
output = "answer"
[[stage]]
name = ")" + stage + R"("
model = "/nowhere/m.gguf"
prompt = "{task}"
reads = ["task"]
writes = "answer"
)");
  check_tame("blue", {.arguments = {"run", "task", "--cascade", cascade}});
  check_tame("blue-shell", {.input = "cascade " + cascade + "\ncascade\nmodels\n"});

  const std::string name = R"(m\u001b[2J\u202e\nblue: all is well)";
  const std::string trace = scratch.write(
      "t.json",
      R"({"traceEvents":[{"ph":"M","name":"thread_name","tid":1,"args":{"name":")" + name +
          R"("}},{"ph":"X","name":")" + name +
          R"(","cat":"c","tid":1,"ts":1,"dur":1,"args":{"trace":"00000000000000010000000000000001",)"
          R"("span":"1","parent":"0","sent_us":0}}]})");
  check_tame("blue", {.arguments = {"trace", trace}});
  const ProgramResult summary = run_program("blue", {.arguments = {"trace", trace}});
  CHECK(summary.exit_status == 0);
  CHECK(summary.out.find("\\x1b[2J") != std::string::npos);
}

TEST_CASE("generated text is escaped at a terminal, and raw in a pipe") {
  // A random model of bytes at temperature 1: some of its tokens are control bytes.
  const ScratchFolder scratch;
  const std::vector<std::string> arguments = {
      "generate", "-m", write_endless_model(scratch), "-p", "a", "-n", "400", "--temp", "1",
      "--seed",   "1"};
  const ProgramResult piped = run_program("blue", {.arguments = arguments});
  REQUIRE(piped.exit_status == 0);
  REQUIRE(has_hostile(piped.out));
  TerminalProgram shown(program_folder() / "blue", arguments, {{"TERM", "xterm"}});
  CHECK(shown.finish() == 0);
  std::string screen = shown.screen();
  for (std::size_t at = 0; (at = screen.find("\r\n", at)) != std::string::npos;)
    screen.erase(at, 1);  // the terminal's own line ends
  INFO(screen);
  CHECK_FALSE(has_hostile(screen));
  CHECK(screen.find("\\x") != std::string::npos);
}

}  // namespace
}  // namespace blue::test
