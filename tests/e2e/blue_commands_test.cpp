// The commands as a user runs them, on the bundled models and, where present, the reference data.
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/program.h"
#include "tests/support/shared_data.h"

namespace blue::test {
namespace {

constexpr const char* kTask = "Return the sum of the squares of the even numbers in xs.";

TEST_CASE("the default cascade fills its slots and answers") {
  const ScratchFolder scratch;
  const auto environment = std::map<std::string, std::string>{{"BLUE_RUNS", scratch.path()}};
  const ProgramResult live =
      run_program("blue", {.arguments = {"run", kTask}, .environment = environment});
  INFO(live.err);
  REQUIRE(live.exit_status == 0);
  for (const char* heading :
       {"[task]", "[reasoning]", "[code_draft]", "[review]", "[final_code]", "[answer]"}) {
    CHECK(live.out.find(heading) != std::string::npos);
  }

  const std::string trace = scratch.path("trace.json");
  const ProgramResult once = run_program(
      "blue",
      {.arguments = {"run", kTask, "--json", "--trace", trace}, .environment = environment});
  REQUIRE(once.exit_status == 0);
  const auto document = nlohmann::json::parse(once.out);
  CHECK(document["outcome"] == "completed");
  CHECK(document["slots"]["task"] == kTask);
  CHECK(document["stages"].size() == 4);
  const std::string answer = document["slots"]["final_code"];
  CHECK(answer.find("def f(") != std::string::npos);
  CHECK(live.out.find("[answer]\n" + answer) != std::string::npos);  // greedy: the same again

  const ProgramResult summary = run_program("blue", {.arguments = {"trace", trace}});
  REQUIRE(summary.exit_status == 0);
  CHECK(summary.out.find(" 0 dropped") != std::string::npos);

  const ProgramResult again = run_program(
      "blue",
      {.arguments = {"resume", document["run"].get<std::string>()}, .environment = environment});
  CHECK(again.exit_status == 2);
  CHECK(again.err.find("completed") != std::string::npos);
}

TEST_CASE("the devices agree on greedy text") {
  const ScratchFolder scratch;
  std::vector<std::string> answers;
  for (const std::string device : {"cpu", "reference"}) {
    const ProgramResult result =
        run_program("blue", {.arguments = {"run", kTask, "--json", "--device", device},
                             .environment = {{"BLUE_RUNS", scratch.path()}}});
    INFO(device << ": " << result.err);
    REQUIRE(result.exit_status == 0);
    answers.push_back(nlohmann::json::parse(result.out)["slots"].dump());
  }
  CHECK(answers[0] == answers[1]);
}

TEST_CASE("generate tells the story to the character") {
  BLUE_NEED_SHARED_DATA(data);
  const ProgramResult result = run_program(
      "blue", {.arguments = {"generate", "-m", (data / "models/stories260K.gguf").string(), "-p",
                             "", "-n", "200", "--temp", "0"}});
  REQUIRE(result.exit_status == 0);
  CHECK(result.out + "\n" == read_text(data / "models/stories260K.greedy.txt"));
}

TEST_CASE("a seed gives the same text again, another seed another") {
  BLUE_NEED_SHARED_DATA(data);
  const auto text = [&](const std::string& seed) {
    return run_program("blue",
                       {.arguments = {"generate", "-m", (data / "models/stories260K.gguf").string(),
                                      "-n", "40", "--temp", "1", "--seed", seed}})
        .out;
  };
  CHECK(text("1") == text("1"));
  CHECK(text("1") != text("2"));
}

TEST_CASE("tokenize gives the ids of the reference vocabularies") {
  BLUE_NEED_SHARED_DATA(data);
  for (const std::string name : {"gpt-2", "qwen2", "phi-3"}) {
    const std::string stem = (data / ("vocab/ggml-vocab-" + name + ".gguf")).string();
    const std::string inputs = read_text(stem + ".inp");
    std::istringstream lines(read_text(stem + ".out"));
    // One text and the last of the list stand for all here; the unit tests walk every one.
    const std::string mark = "\n__ggml_vocab_test__\n";
    const std::string first = inputs.substr(0, inputs.find(mark));
    std::string wanted;
    std::getline(lines, wanted);
    const ProgramResult result =
        run_program("blue", {.arguments = {"tokenize", "-m", stem, "--ids"}, .input = first});
    INFO(name << ": " << result.err);
    REQUIRE(result.exit_status == 0);
    const auto trimmed = [](std::string text) {
      const std::size_t begin = text.find_first_not_of(" \n");
      return begin == std::string::npos
                 ? ""
                 : text.substr(begin, text.find_last_not_of(" \n") - begin + 1);
    };
    CHECK(trimmed(result.out) == trimmed(wanted));
  }
}

TEST_CASE("logits are rows of float32, one per token") {
  BLUE_NEED_SHARED_DATA(data);
  const ScratchFolder scratch;
  const std::string out = scratch.path("l.f32");
  const ProgramResult result = run_program(
      "blue",
      {.arguments = {"logits", "-m", (data / "golden/qwen3.gguf").string(), "--tokens",
                     (data / "golden/tokens.txt").string(), "-o", out, "--backend", "cpu"}});
  INFO(result.err);
  REQUIRE(result.exit_status == 0);
  CHECK(std::filesystem::file_size(out) ==
        std::filesystem::file_size(data / "golden/qwen3.logits.f32"));
}

TEST_CASE("inspect and doctor speak text and JSON") {
  const std::string model = std::filesystem::absolute("assets/nano/coder.gguf").string();
  const ProgramResult inspected = run_program("blue", {.arguments = {"inspect", model, "--json"}});
  REQUIRE(inspected.exit_status == 0);
  CHECK(nlohmann::json::parse(inspected.out)["program"]["runs"] == true);
  CHECK(run_program("blue", {.arguments = {"inspect", model}}).out.find("runs here: deepseek2") !=
        std::string::npos);

  const ProgramResult doctor =
      run_program("blue", {.arguments = {"doctor", "--json", "--measure-ms", "20"}});
  INFO(doctor.err);
  REQUIRE(doctor.exit_status == 0);
  const auto report = nlohmann::json::parse(doctor.out);
  REQUIRE(report["phases"].size() == 6);
  for (const auto& phase : report["phases"]) {
    CHECK_FALSE(phase["items"].empty());
    for (const auto& item : phase["items"]) {
      const std::string outcome = item["outcome"];
      INFO(item.dump());
      CHECK((outcome != "denied" || !item["remedy"].get<std::string>().empty()));
    }
  }
}

}  // namespace
}  // namespace blue::test
