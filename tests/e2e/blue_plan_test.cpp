// `blue plan`, and predictions beside what a run cost.
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/apps/one_stage_cascade.h"
#include "tests/support/program.h"

namespace blue::test {
namespace {

using Catch::Approx;
using nlohmann::json;

std::string coder() { return std::filesystem::absolute("assets/nano/coder.gguf").string(); }
std::string reviewer() { return std::filesystem::absolute("assets/nano/reviewer.gguf").string(); }
std::string thinker() { return std::filesystem::absolute("assets/nano/thinker.gguf").string(); }

ProgramResult blue(const std::vector<std::string>& arguments) {
  const ScratchFolder scratch;
  return run_program(
      "blue", {.arguments = arguments, .environment = {{"BLUE_RUNS", scratch.path("runs")}}});
}

/// A plan of the models on the reference backend, with given rates.
json plan(const std::vector<std::string>& models, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"plan",        "--json", "--device",      "reference",
                                        "--disk-rate", "0.5",    "--memory-rate", "10"};
  for (const std::string& model : models) {
    arguments.push_back("-m");
    arguments.push_back(model);
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProgramResult result = blue(arguments);
  INFO(result.err);
  REQUIRE(result.exit_status == 0);
  return json::parse(result.out);
}

TEST_CASE("a model that fits lies in vram whole and reads nothing") {
  const json document = plan({reviewer()}, {"--vram", "64MiB"});
  CHECK(document["vram_bytes"] == 64 << 20);
  const json& model = document["models"][0];
  CHECK(model["model"] == reviewer());
  CHECK(model["places"]["vram"]["dense_bytes"] == model["weight_bytes"]);
  CHECK(model["places"]["file"]["dense_bytes"] == 0);
  CHECK(model["token"]["bytes_read"] == 0);
  CHECK(model["bound"] == "compute");
  const double bytes = model["token"]["weight_bytes_computed"];
  CHECK(model["token"]["ms"].get<double>() == Approx(bytes / 10e9 * 1e3));
  CHECK(model["tokens_per_s"].get<double>() == Approx(10e9 / bytes));
  CHECK(model["switch_ms"] == 0);
}

TEST_CASE("a model larger than its budget is bound by the drive, at the rate given") {
  const json document = plan({coder()}, {"--vram", "1MiB"});
  const json& model = document["models"][0];
  CHECK(model["places"]["vram"]["dense_bytes"] == 1 << 20);
  CHECK(model["bound"] == "disk");
  const double bytes = model["token"]["bytes_read"];
  CHECK(bytes > 0);
  CHECK(bytes <= model["weight_bytes"].get<double>());
  CHECK(model["token"]["disk_ms"].get<double>() == Approx(bytes / 0.5e9 * 1e3));
}

TEST_CASE("models that take turns in one budget cost a switch") {
  const json document = plan({coder(), thinker()}, {"--vram", "3MiB", "--context", "64"});
  REQUIRE(document["models"].size() == 2);
  for (const json& model : document["models"]) {
    CHECK(model["context"] == 64);
    CHECK(model["switch_ms"] > 0);
  }
  CHECK(plan({coder(), thinker()}, {"--vram", "64MiB"})["models"][0]["switch_ms"] == 0);
}

TEST_CASE("a plan measures what it is not given, and prints it as text") {
  const ProgramResult result =
      blue({"plan", "-m", coder(), "--vram", "1MiB", "--device", "reference"});
  INFO(result.err);
  REQUIRE(result.exit_status == 0);
  for (const char* part : {"vram 1.00 MiB", "dense", "KV cache", "GB/s", "predicted ", "tokens/s"})
    CHECK(result.out.find(part) != std::string::npos);
}

TEST_CASE("a plan refuses what a run would refuse") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"plan"},
                                             {"plan", "-m", "/nowhere/m.gguf"},
                                             {"plan", "-m", coder(), "--vram", "20KiB"},
                                             {"plan", "-m", coder(), "--disk-rate", "0"},
                                             {"plan", "-m", coder(), "--skew", "9"},
                                             {"plan", "-m", coder(), "--device", "abacus"}}) {
    const ProgramResult result = blue(arguments);
    INFO(result.err);
    CHECK(result.exit_status == 2);
    CHECK(result.out.empty());
  }
}

TEST_CASE("generate and run print the prediction beside what happened where a model is streamed") {
  const std::vector<std::string> generate = {"generate", "-m", coder(),    "-p", "Task: Sort xs.",
                                             "-n",       "8",  "--device", "cpu"};
  std::vector<std::string> narrow = generate;
  narrow.insert(narrow.end(), {"--vram", "1MiB"});
  const ProgramResult streamed = blue(narrow);
  INFO(streamed.err);
  REQUIRE(streamed.exit_status == 0);
  CHECK(streamed.err.find("predicted ") != std::string::npos);
  CHECK(streamed.err.find(" blocks were waited for") != std::string::npos);
  CHECK(blue(generate).err.find("predicted ") == std::string::npos);

  const ScratchFolder scratch;
  const std::string cascade = scratch.write("c.toml", one_stage_cascade(coder(), "Task: {task}"));
  const ProgramResult run = blue(
      {"run", "Sort xs.", "--json", "--vram", "1MiB", "--device", "cpu", "--cascade", cascade});
  INFO(run.err);
  REQUIRE(run.exit_status == 0);
  for (const json& stage : json::parse(run.out)["stages"]) {
    CHECK(stage["predicted"]["tokens_per_s"] > 0);
    CHECK(stage["n_block_misses"] > 0);
    CHECK(stage.contains("bytes_read"));
    CHECK(stage.contains("stall_ms"));
  }
}

}  // namespace
}  // namespace blue::test
