// A prompt could only be an argument: it had the system's length limit, and no way to be taken as
// it is. Prompts now come from standard input and files too, and may be raw.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/apps/endless_model.h"
#include "tests/support/models/tiny_model.h"
#include "tests/support/models/vocabularies.h"
#include "tests/support/program.h"

namespace blue::test {
namespace {

using models::testing::GgufWriter;

ProgramResult run_generate(const std::string& model, std::vector<std::string> more,
                           const std::string& input = "") {
  std::vector<std::string> arguments = {"generate", "-m", model, "-n", "8", "--temp", "0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_program("blue", {.arguments = arguments, .input = input});
}

std::string text_of(const ProgramResult& result) {
  INFO(result.err);
  CHECK(result.exit_status == 0);
  return result.out;
}

/// -1 where the figures do not tell.
int n_prompt_tokens(const ProgramResult& result) {
  INFO(result.err);
  CHECK(result.exit_status == 0);
  const std::size_t end = result.err.find(" prompt tokens");
  if (end == std::string::npos) return -1;
  const std::size_t begin = result.err.find_last_not_of("0123456789", end - 1) + 1;
  return std::stoi(result.err.substr(begin, end - begin));
}

/// Bytes as tokens, <|user|> (261) in front as BOS, and a template that wraps the message.
std::string write_templated_model(const ScratchFolder& scratch) {
  models::testing::TinyShape shape;
  shape.n_vocab = 264;
  shape.n_context = 4096;
  shape.keys = [](GgufWriter& file) {
    models::testing::add_byte_level_keys(file, "gpt-2");
    file.u32("tokenizer.ggml.bos_token_id", 261).flag("tokenizer.ggml.add_bos_token", true);
    file.text("tokenizer.chat_template",
              "{% for m in messages %}[{{ m.content }}]{% endfor %}<|end|>");
  };
  return scratch.write("templated.gguf", models::testing::TinyModelWriter(shape).write());
}

TEST_CASE("an argument, standard input and a file give the same prompt") {
  const std::string model = "assets/nano/coder.gguf";
  const ScratchFolder scratch;
  const std::string prompt = "Return x plus one.\nAnd no more.";
  const std::string wanted = text_of(run_generate(model, {"-p", prompt}));
  CHECK_FALSE(wanted.empty());
  CHECK(text_of(run_generate(model, {}, prompt)) == wanted);
  CHECK(text_of(run_generate(model, {"-p", "-"}, prompt)) == wanted);
  CHECK(text_of(run_generate(model, {"-f", "-"}, prompt)) == wanted);
  CHECK(text_of(run_generate(model, {"-f", scratch.write("p", prompt)}, "not read")) == wanted);
  CHECK(text_of(run_generate(model, {"-p", prompt}, "not read")) == wanted);
  // As editors and other systems write it.
  CHECK(text_of(run_generate(model, {}, prompt + "\n")) == wanted);
  const std::string foreign = "\xef\xbb\xbfReturn x plus one.\r\nAnd no more.\r\n";
  CHECK(text_of(run_generate(model, {}, foreign)) == wanted);
  CHECK(text_of(run_generate(model, {"-f", scratch.write("crlf", foreign)})) == wanted);
}

TEST_CASE("a prompt of any length is taken in, or refused for the context alone") {
  const ScratchFolder scratch;
  const std::string model = write_endless_model(scratch);
  CHECK(n_prompt_tokens(run_generate(model, {"-f", scratch.write("p", std::string(3000, 'x'))})) ==
        3000);
  const std::string huge = scratch.write("huge", std::string(10'000'000, 'x'));
  const ProgramResult refused = run_generate(model, {"-f", huge});
  INFO(refused.err);
  CHECK(refused.exit_status == 2);
  CHECK(refused.out.empty());
  CHECK(refused.err.find("10000000") != std::string::npos);
  CHECK(refused.err.find("context") != std::string::npos);
}

TEST_CASE("a raw prompt has no template, and special tokens in it are tokens") {
  const ScratchFolder scratch;
  const std::string model = write_templated_model(scratch);
  const std::string text = "a<|end|>b";
  CHECK(n_prompt_tokens(run_generate(model, {"-p", text, "--raw"})) == 1 + 3);
  CHECK(n_prompt_tokens(run_generate(model, {"-p", text, "--raw", "--no-bos"})) == 3);
  CHECK(n_prompt_tokens(run_generate(model, {"-p", "<|user|>" + text, "--raw"})) == 1 + 3);
  // To the byte: the newline at the end and the carriage return are part of it.
  CHECK(n_prompt_tokens(run_generate(model, {"--raw"}, "a\r\nb\r\n")) == 1 + 6);
  CHECK(n_prompt_tokens(run_generate(model, {"--raw"},
                                     "\xef\xbb\xbf"
                                     "xy")) == 1 + 2);
  // The text of a message is text.
  CHECK(n_prompt_tokens(run_generate(model, {"-p", text})) == 1 + 1 + 9 + 1 + 1);
}

TEST_CASE("another template, none, and no BOS") {
  const ScratchFolder scratch;
  const std::string model = write_templated_model(scratch);
  const std::string other =
      scratch.write("other.jinja", "{% for m in messages %}({{ m.role }}){% endfor %}");
  CHECK(n_prompt_tokens(run_generate(model, {"-p", "xyz"})) == 1 + 5 + 1);
  CHECK(n_prompt_tokens(run_generate(model, {"-p", "xyz", "--no-bos"})) == 5 + 1);
  CHECK(n_prompt_tokens(run_generate(model, {"-p", "xyz", "--chat-template", "none"})) == 1 + 3);
  CHECK(n_prompt_tokens(
            run_generate(model, {"-p", "xyz", "--chat-template", "none", "--no-bos"})) == 3);
  CHECK(n_prompt_tokens(run_generate(model, {"-p", "xyz", "--chat-template", other})) == 1 + 6);
  CHECK(n_prompt_tokens(run_generate(
            model, {"-p", "xyz", "--system", "s", "--chat-template", other})) == 1 + 8 + 6);

  const ProgramResult chat = run_program(
      "blue",
      {.arguments = {"chat", "-m", model, "-n", "4", "--chat-template", "none"}, .input = "hi\n"});
  CHECK(chat.exit_status == 0);

  const auto check_refused = [](const ProgramResult& result, const std::string& name) {
    INFO(result.err);
    CHECK(result.exit_status == 2);
    CHECK(result.err.find(name) != std::string::npos);
  };
  check_refused(run_generate(model, {"-p", "", "--raw", "--no-bos"}), "--no-bos");
  check_refused(run_generate(model, {"-p", "x", "--raw", "--system", "s"}), "--system");
  check_refused(run_generate(model, {"-p", "x", "-f", "y"}), "--prompt");
  check_refused(run_generate(model, {"-f", "/nowhere/p"}), "/nowhere/p");
  check_refused(run_generate(model, {"-f", "/"}), "/: Is a directory");
  check_refused(run_generate(model, {"-p", "x", "--chat-template", "/nowhere/t"}), "/nowhere/t");
  const std::string broken = scratch.write("broken.jinja", "{% for %}");
  check_refused(run_generate(model, {"-p", "x", "--chat-template", broken}), broken);
  check_refused(run_generate(model, {}, "\xff\xfeh\0i\0"), "UTF-16");
}

TEST_CASE("a task comes from standard input and a file too") {
  const ScratchFolder scratch;
  const std::string task = "Return the sum of xs.";
  const auto slots = [&](std::vector<std::string> arguments, const std::string& input) {
    arguments.insert(arguments.begin(), {"run", "--json"});
    const ProgramResult result =
        run_program("blue", {.arguments = arguments,
                             .input = input,
                             .environment = {{"BLUE_RUNS", scratch.path("runs")}}});
    INFO(result.err);
    REQUIRE(result.exit_status == 0);
    return nlohmann::json::parse(result.out)["slots"];
  };
  const auto wanted = slots({task}, "");
  CHECK(wanted["task"] == task);
  CHECK(slots({}, task + "\n") == wanted);
  CHECK(slots({"-"}, "\xef\xbb\xbf" + task + "\r\n") == wanted);
  CHECK(slots({"-f", scratch.write("task", task)}, "") == wanted);
}

TEST_CASE("tokenize reads an argument and a file, to the byte") {
  const ScratchFolder scratch;
  const std::string model = write_templated_model(scratch);
  const auto ids = [&](std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"tokenize", "-m", model, "--ids"});
    return text_of(run_program("blue", {.arguments = arguments, .input = input}));
  };
  CHECK(ids({}, "b\r\n") == "98 13 10\n");
  CHECK(ids({"-p", "bc"}) == "98 99\n");
  CHECK(ids({"-f", scratch.write("t", "b\n")}) == "98 10\n");
  CHECK(ids({},
            "\xef\xbb\xbf"
            "b") == "98\n");
  CHECK(ids({"--special", "-p", "b<|end|>"}) == "261 98 262\n");
  CHECK(ids({"--raw", "--no-bos", "-p", "b<|end|>"}) == "98 262\n");
}

}  // namespace
}  // namespace blue::test
