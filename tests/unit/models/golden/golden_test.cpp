// Whole models against logits and texts that another implementation gave, on every backend that
// runs here.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "models/inline_model.h"
#include "models/session.h"
#include "tests/support/shared_data.h"

namespace blue::models {
namespace {

struct BackendBound {
  std::string name;
  double nmse;  ///< of the logits, at most
  /// The same where weights are quantised: the backend may round activations to 8 bits.
  double quantised_nmse;
};

/// The bounds that the backends promise for whole models.
std::vector<BackendBound> backends_here() {
  std::vector<BackendBound> found;
  for (const kernels::BackendEntry* entry : kernels::registered_backends()) {
    if (entry->probe().empty()) {
      WARN("skipped: backend " << entry->name << " has no device here");
      continue;
    }
    const std::string name(entry->name);
    const double nmse = name == "reference" ? 1e-8 : name == "cpu" ? 1e-6 : 1e-4;
    found.push_back({name, nmse, name == "cpu" ? 1.5e-3 : nmse});
  }
  return found;
}

double nmse(std::span<const float> got, std::span<const float> wanted) {
  double error = 0;
  double norm = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    error += std::pow(double{got[i]} - wanted[i], 2);
    norm += std::pow(double{wanted[i]}, 2);
  }
  return error / norm;
}

std::unique_ptr<InlineModel> load(const std::filesystem::path& path,
                                  const InlineModelOptions& options) {
  auto loaded = InlineModel::load(path.string(), options);
  if (!loaded) FAIL(loaded.error().message());
  return std::move(loaded).value();
}

/// Logits of every position, run in chunks as a prompt would be.
std::vector<float> all_logits(InlineModel& model, const std::vector<int>& tokens) {
  std::vector<float> logits;
  REQUIRE(model.executor().reserve(0, static_cast<std::uint32_t>(tokens.size())).ok());
  const std::size_t chunk = model.executor().limits().max_step_tokens;
  for (std::size_t done = 0; done < tokens.size(); done += chunk) {
    const std::size_t n = std::min(chunk, tokens.size() - done);
    std::vector<std::int32_t> positions(n);
    std::vector<std::int32_t> rows(n);
    const std::vector<std::int32_t> sequences(n, 0);
    std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(done));
    std::iota(rows.begin(), rows.end(), 0);
    auto stepped = model.executor().step(
        {std::span(tokens).subspan(done, n), positions, sequences, rows}, StopToken());
    REQUIRE(stepped.ok());
    logits.insert(logits.end(), stepped->begin(), stepped->end());
  }
  return logits;
}

std::vector<TokenId> greedy(InlineModel& model, const std::vector<int>& prompt,
                            std::uint32_t n_tokens) {
  Session session(model.model(), model.executor(), 0);
  const Status begun = session.begin(prompt, SamplingSpec{}, n_tokens, StopToken());
  if (!begun) FAIL(begun.error().message());
  std::vector<TokenId> tokens;
  for (;;) {
    auto event = session.next(StopToken());
    REQUIRE(event.ok());
    if (!*event) return tokens;
    tokens.push_back((*event)->id);
  }
}

TEST_CASE("the golden models give the golden logits and greedy tokens", "[golden]") {
  BLUE_NEED_SHARED_DATA(data);
  const std::vector<int> tokens = test::read_numbers(data / "golden/tokens.txt");
  for (const BackendBound& backend : backends_here()) {
    for (const std::string name :
         {"llama", "qwen2", "qwen3", "qwen3moe", "deepseek2", "deepseek2-grouped", "deepseek32"}) {
      const std::vector<float> wanted =
          test::read_floats(data / ("golden/" + name + ".logits.f32"));
      for (const std::uint32_t chunk : {64U, 7U}) {
        auto model = load(data / ("golden/" + name + ".gguf"),
                          {.backend = backend.name, .max_step_tokens = chunk});
        const double error = nmse(all_logits(*model, tokens), wanted);
        INFO(name << " on " << backend.name << " in chunks of " << chunk << ": NMSE " << error);
        CHECK(error < backend.nmse);
      }
      auto model = load(data / ("golden/" + name + ".gguf"), {.backend = backend.name});
      const std::vector<int> continuation =
          test::read_numbers(data / ("golden/" + name + ".greedy.txt"));
      INFO(name << " on " << backend.name);
      CHECK(greedy(*model, tokens, static_cast<std::uint32_t>(continuation.size())) ==
            continuation);
    }
  }
}

TEST_CASE("quantised models give the exact logits of their decoded weights", "[golden]") {
  BLUE_NEED_SHARED_DATA(data);
  const std::vector<int> tokens = test::read_numbers(data / "quant/tokens.txt");
  for (const BackendBound& backend : backends_here()) {
    for (const std::string type : {"Q8_0", "Q4_K"}) {
      auto model = load(data / ("quant/llama-wide-" + type + ".gguf"), {.backend = backend.name});
      const double error =
          nmse(all_logits(*model, tokens),
               test::read_floats(data / ("quant/llama-wide-" + type + ".logits.f32")));
      INFO(type << " on " << backend.name << ": NMSE " << error);
      CHECK(error < backend.quantised_nmse);
    }
  }
}

TEST_CASE("tiers too small for the model give the tokens of the resident run", "[golden]") {
  BLUE_NEED_SHARED_DATA(data);
  const std::vector<int> tokens = test::read_numbers(data / "golden/tokens.txt");
  for (const BackendBound& backend : backends_here()) {
    auto resident = load(data / "quant/llama-wide-Q4_K.gguf", {.backend = backend.name});
    Bytes largest;
    for (const BlockPlan& block : resident->model().program.blocks)
      largest = std::max(largest, block.size);
    const std::vector<TokenId> wanted = greedy(*resident, tokens, 24);
    // Room for one block and for two: without and with an overlap.
    for (const Bytes room : {largest, largest * 2}) {
      auto streamed =
          load(data / "quant/llama-wide-Q4_K.gguf", {.backend = backend.name, .vram = room});
      INFO("on " << backend.name << " with " << to_text(room));
      CHECK(greedy(*streamed, tokens, 24) == wanted);
      CHECK(streamed->tiers().counts().n_evictions > 0);
    }
  }
}

TEST_CASE("the story comes out to the character", "[golden]") {
  BLUE_NEED_SHARED_DATA(data);
  // The file ends with a newline of its own. Its text is 200 generated tokens: 199 of them fed back
  // after BOS.
  std::string wanted = test::read_text(data / "models/stories260K.greedy.txt");
  REQUIRE(wanted.ends_with('\n'));
  wanted.pop_back();
  for (const BackendBound& backend : backends_here()) {
    auto model = load(data / "models/stories260K.gguf", {.backend = backend.name});
    auto prompt = model->model().text_tokens("");
    REQUIRE(prompt.ok());
    INFO("on " << backend.name);
    CHECK(model->model().tokenizer->decode(greedy(*model, *prompt, 200)) == wanted);
  }
}

TEST_CASE("a KV snapshot continues as if nothing had happened", "[golden]") {
  BLUE_NEED_SHARED_DATA(data);
  for (const BackendBound& backend : backends_here()) {
    auto model = load(data / "models/stories260K.gguf", {.backend = backend.name});
    const std::vector<TokenId> whole = greedy(*model, {1}, 60);

    auto first = load(data / "models/stories260K.gguf", {.backend = backend.name});
    Session before(first->model(), first->executor(), 0);
    REQUIRE(before.begin(std::vector<TokenId>{1}, SamplingSpec{}, 40, StopToken()).ok());
    std::vector<TokenId> told = {1};
    while (auto event = before.next(StopToken()).value()) told.push_back(event->id);
    const auto rows = before.export_kv();
    REQUIRE(rows.ok());

    auto second = load(data / "models/stories260K.gguf", {.backend = backend.name});
    Session after(second->model(), second->executor(), 0);
    REQUIRE(after.restore(before.history(), *rows).ok());
    const std::uint64_t n_before = second->executor().figures().n_steps;
    REQUIRE(after.begin(told, SamplingSpec{}, 20, StopToken()).ok());
    CHECK(second->executor().figures().n_steps == n_before + 1);
    while (auto event = after.next(StopToken()).value()) told.push_back(event->id);
    told.erase(told.begin());
    INFO("on " << backend.name);
    CHECK(told == whole);
  }
}

}  // namespace
}  // namespace blue::models
