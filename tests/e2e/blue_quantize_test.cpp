// `blue quantize` as a user runs it: on the bundled model, and on models of the reference data.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <iterator>
#include <map>
#include <sstream>

#include "tests/support/program.h"
#include "tests/support/shared_data.h"

namespace blue::test {
namespace {

constexpr const char* kModel = "assets/nano/coder.gguf";

ProgramResult blue(const std::vector<std::string>& arguments) {
  return run_program("blue", {.arguments = arguments});
}

std::string text_of(const std::string& model) {
  const ProgramResult result =
      blue({"generate", "-m", model, "-p", "Task: Return the largest number in xs.", "-n", "48",
            "--temp", "0", "--device", "cpu"});
  INFO(result.err);
  REQUIRE(result.exit_status == 0);
  return result.out;
}

std::string logits_of(const ScratchFolder& folder, const std::string& model) {
  folder.write("ids.txt", "1 5 9 3 7 2 11 4");
  const ProgramResult result = blue({"logits", "-m", model, "--tokens", folder.path("ids.txt"),
                                     "-o", folder.path("logits.f32"), "--device", "reference"});
  INFO(result.err);
  REQUIRE(result.exit_status == 0);
  return folder.read("logits.f32");
}

TEST_CASE("a quantised model is smaller and still writes") {
  const ScratchFolder folder;
  const std::string out = folder.path("out.gguf");
  // The bundled model is Q8_0 already: to Q8_0 its tensors are copied.
  for (const std::string type : {"Q8_0", "Q4_0", "iq4_nl"}) {
    const ProgramResult result = blue({"quantize", kModel, out, type, "--threads", "2"});
    INFO(type << ": " << result.err);
    REQUIRE(result.exit_status == 0);
    CHECK(result.out.empty());
    CHECK(result.err.find("bits per value") != std::string::npos);
    CHECK(result.err.find("blue: 100 %") !=
          std::string::npos);  // stderr is no terminal here: plain lines
    CHECK(result.err.find('\r') == std::string::npos);
    const double bound = type == "Q8_0" ? 1.01 : 0.65;
    CHECK(static_cast<double>(std::filesystem::file_size(out)) <
          bound * static_cast<double>(std::filesystem::file_size(kModel)));
    if (type == "Q8_0") CHECK(text_of(out) == text_of(kModel));
    CHECK(text_of(out).size() > 20);
  }
}

TEST_CASE("a model widened to F32 gives the logits of the original, bit for bit") {
  const ScratchFolder folder;
  REQUIRE(blue({"quantize", kModel, folder.path("f32.gguf"), "F32"}).exit_status == 0);
  CHECK(logits_of(folder, folder.path("f32.gguf")) == logits_of(folder, kModel));
}

TEST_CASE("overrides and rows that do not divide show in the file") {
  const ScratchFolder folder;
  const std::string out = folder.path("out.gguf");
  const ProgramResult result =
      blue({"quantize", kModel, out, "Q4_0", "--override", "*ffn_down*=Q8_0", "--override",
            "output.weight=F16", "--override", "token_embd.weight=F16"});
  INFO(result.err);
  // Where the embedding is the output too there is no output.weight, and a note reports it.
  if (result.exit_status != 0) {
    CHECK(result.err.find("\"output.weight\" fits no matrix") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(out));
    REQUIRE(blue({"quantize", kModel, out, "Q4_0", "--override", "*ffn_down*=Q8_0"}).exit_status ==
            0);
  }
  const std::string listing = blue({"inspect", out}).out;
  std::istringstream lines(listing);
  int n_down = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("ffn_down") == std::string::npos) continue;
    ++n_down;
    CHECK(line.find("Q8_0") != std::string::npos);
  }
  CHECK(n_down > 0);
}

TEST_CASE("what cannot be quantised is one line and exit status 2, and leaves no file") {
  const ScratchFolder folder;
  const std::string out = folder.path("out.gguf");
  const std::string copy = folder.path("copy.gguf");
  std::filesystem::copy_file(kModel, copy);
  folder.write("text.gguf", "no model");
  struct Refusal {
    std::vector<std::string> arguments;
    std::string names;
  };
  const Refusal refusals[] = {{{kModel, out, "IQ2_XXS"}, "IQ2_XXS"},
                              {{folder.path("absent.gguf"), out, "Q4_0"}, "absent.gguf"},
                              {{folder.path("text.gguf"), out, "Q4_0"}, "text.gguf"},
                              {{kModel, folder.path("absent/out.gguf"), "Q4_0"}, "absent/out.gguf"},
                              {{kModel, folder.path(), "Q4_0"}, "directory"},
                              {{copy, copy, "Q4_0"}, "copy.gguf"},
                              {{kModel, out, "Q4_0", "--override", "nothing*=Q8_0"}, "nothing*"},
                              {{kModel, out, "Q4_0", "--override", "Q8_0"}, "PATTERN=TYPE"},
                              {{kModel, out, "Q4_0", "--threads", "0"}, "--threads"},
                              {{kModel, out}, "type"}};
  for (const Refusal& refusal : refusals) {
    std::vector<std::string> arguments = {"quantize"};
    arguments.insert(arguments.end(), refusal.arguments.begin(), refusal.arguments.end());
    const ProgramResult result = blue(arguments);
    INFO(result.err);
    CHECK(result.exit_status == 2);
    CHECK(result.err.find("blue: ") == 0);
    CHECK(result.err.find(refusal.names) != std::string::npos);
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);
  CHECK(std::filesystem::file_size(copy) == std::filesystem::file_size(kModel));
}

TEST_CASE("every format's copy of a model stays near the original's logits") {
  BLUE_NEED_SHARED_DATA(data);
  const ScratchFolder folder;
  const std::string model = (data / "quant/llama-wide-Q8_0.gguf").string();
  const auto logits = [&](const std::string& path) {
    const std::string out = folder.path("l.f32");
    REQUIRE(blue({"logits", "-m", path, "--tokens", (data / "quant/tokens.txt").string(), "-o", out,
                  "--device", "reference"})
                .exit_status == 0);
    return read_floats(out);
  };
  const std::vector<float> original = logits(model);
  // Normalised mean square errors; these weights are random, so that nothing is redundant.
  // llama.cpp's blocks of the same model give 0.171 (Q4_0), 0.121 (Q4_K) and 0.0093 (Q6_K).
  const std::map<std::string, double> bounds = {
      {"BF16", 1e-3},   {"F16", 1e-4},    {"Q8_0", 1e-12}, {"Q6_K", 0.0093}, {"Q5_K", 0.04},
      {"Q5_1", 0.04},   {"Q5_0", 0.055},  {"Q4_K", 0.15},  {"Q4_1", 0.15},   {"Q4_0", 0.171},
      {"IQ4_NL", 0.16}, {"IQ4_XS", 0.16}, {"MXFP4", 0.35}, {"Q3_K", 0.55},   {"Q2_K", 1.2}};
  for (const auto& [type, bound] : bounds) {
    const std::string out = folder.path("out.gguf");
    REQUIRE(blue({"quantize", model, out, type}).exit_status == 0);
    const std::vector<float> got = logits(out);
    double error = 0.0;
    double power = 0.0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      error += (got[i] - original[i]) * (got[i] - original[i]);
      power += original[i] * original[i];
    }
    INFO(type << ": error " << error / power);
    CHECK(error / power < bound);
  }
}

}  // namespace
}  // namespace blue::test
