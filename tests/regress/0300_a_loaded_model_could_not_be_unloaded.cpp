// A model stayed in the catalog, its blocks in the tiers and its KV snapshots in memory, until the
// program ended: BlockCatalog::remove_model had no caller.
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <string>

#include "actors/actors_error.h"
#include "runtime/runtime.h"
#include "tests/support/apps/endless_model.h"

namespace blue::runtime {
namespace {

constexpr const char* kModel = "assets/nano/coder.gguf";

std::unique_ptr<Runtime> start(LogSink& log) {
  RuntimeOptions options;
  options.device = "reference";
  options.resources.vram = 64_MiB;
  options.max_context = 1U << 16;  // what the endless model was trained for: its jobs do not end
  return std::move(Runtime::start(options, log)).value();
}

std::string answer_of(Runtime& runtime) {
  GenerateRequest request;
  request.model = kModel;
  request.prompt = "Return the largest number in xs.";
  request.max_tokens = 8;
  Run run = runtime.generate(request).value();
  const RunEvent end = run.finish().back();
  CHECK(end.outcome == messages::Outcome::completed);
  return end.text;
}

std::uint64_t n_resident(const Runtime& runtime) {
  std::uint64_t n = 0;
  for (const TierState& tier : runtime.tiers()) {
    if (tier.name == "vram") n += tier.view.n_resident + tier.view.n_loading;
  }
  return n;
}

}  // namespace

TEST_CASE("unloading a model frees its blocks, and loading it again gives the same answer") {
  NullLogSink log;
  const auto runtime = start(log);
  REQUIRE(runtime->load_model(kModel).ok());
  const std::string before = answer_of(*runtime);
  CHECK(n_resident(*runtime) > 0);
  REQUIRE(runtime->unload_model(kModel).ok());
  CHECK(n_resident(*runtime) == 0);
  const Status again = runtime->unload_model(kModel);
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().kind() == ErrorKind::bad_input);
  CHECK(again.error().message() == std::string(kModel) + ": this model is not loaded");
  CHECK(answer_of(*runtime) == before);
  // Right after loading, while blocks are still being copied.
  REQUIRE(runtime->load_model(kModel).ok());
  REQUIRE(runtime->unload_model(kModel).ok());
  CHECK(n_resident(*runtime) == 0);
}

TEST_CASE("a model that a job uses is not unloaded, and is once the job has ended") {
  const test::ScratchFolder scratch;
  const std::string path = test::write_endless_model(scratch);
  NullLogSink log;
  const auto runtime = start(log);
  GenerateRequest request;
  request.model = path;
  request.prompt = "x";
  request.max_tokens = 60000;
  Run run = runtime->generate(request).value();
  bool is_running = false;
  while (!is_running) {
    for (const RunEvent& event : run.wait(std::chrono::milliseconds(100))) {
      REQUIRE(event.kind != RunEvent::Kind::finished);
      is_running = true;
    }
  }
  const Status refused = runtime->unload_model(path);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message().find("a job runs or waits with this model") != std::string::npos);
  run.cancel();
  CHECK(run.finish().back().outcome == messages::Outcome::cancelled);
  CHECK(runtime->unload_model(path).ok());
}

}  // namespace blue::runtime
