#include "actors/cascade/cascade_run.h"

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

namespace blue::actors {
namespace {

class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() /
              ("blue_cascade_run_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string log() const { return (path_ / "run.log").string(); }

 private:
  std::filesystem::path path_;
};

RunRecord record() {
  RunRecord run;
  run.task = "sum xs";
  run.skip = SkipPolicy::as_configured;
  CascadeSpec& spec = run.cascade;
  spec.name = "three";
  spec.slots = {"task", "draft", "review", "final"};
  spec.input = "task";
  spec.output = "final";
  StageSpec stage;
  stage.model = "m.gguf";
  stage.sampling.temperature = 0.7F;
  stage.sampling.seed = 7;
  stage.name = "code";
  stage.prompt = "{task}";
  stage.reads = {"task"};
  stage.writes = "draft";
  spec.stages.push_back(stage);
  stage.name = "review";
  stage.prompt = "{draft}";
  stage.reads = {"draft"};
  stage.writes = "review";
  spec.stages.push_back(stage);
  stage.name = "fix";
  stage.prompt = "{draft} {review}";
  stage.reads = {"draft", "review"};
  stage.writes = "final";
  stage.skip = SkipRule{"code", 0.1F, "draft"};
  spec.stages.push_back(stage);
  return run;
}

messages::StageFigures with_entropy(std::uint64_t micronats) {
  messages::StageFigures figures;
  figures.mean_entropy_micronats = micronats;
  return figures;
}

CascadeRun::StageToRun stage_of(CascadeRun& run) {
  const auto step = run.next();
  REQUIRE(step.ok());
  REQUIRE(std::holds_alternative<CascadeRun::StageToRun>(*step));
  return std::get<CascadeRun::StageToRun>(*step);
}

}  // namespace

TEST_CASE(
    "a run's description comes back from its bytes as it was, and no shorter bytes are taken for "
    "one") {
  const RunRecord before = record();
  const auto bytes = encode_run_record(before);
  const auto after = decode_run_record(bytes, "log");
  REQUIRE(after.ok());
  CHECK(encode_run_record(*after) == bytes);
  CHECK(after->cascade.stages[2].skip->after == "code");
  CHECK(after->cascade.stages[0].sampling.temperature == 0.7F);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK_FALSE(decode_run_record(std::span(bytes).first(n), "log").ok());
}

TEST_CASE("a run that stops after any stage is resumed at the first unfinished one") {
  for (std::uint32_t n_finished = 0; n_finished <= 2; ++n_finished) {
    const Folder folder;
    {
      auto run = CascadeRun::start(record(), folder.log());
      REQUIRE(run.ok());
      for (std::uint32_t i = 0; i < n_finished; ++i) {
        CHECK(stage_of(*run).stage == i);
        REQUIRE(run->stage_done(i, "text " + std::to_string(i), with_entropy(500'000)).ok());
      }
      if (n_finished < 2) (void)stage_of(*run);  // begun, and then the lights go out
    }
    auto resumed = CascadeRun::resume(folder.log());
    REQUIRE(resumed.ok());
    CHECK(resumed->resumed_stages().size() == n_finished);
    CHECK(resumed->record().task == "sum xs");
    const auto next = stage_of(*resumed);
    CHECK(next.stage == n_finished);
    if (n_finished == 2) CHECK(next.prompt == "text 0 text 1");
  }
}

TEST_CASE("a torn tail costs the torn record alone") {
  const Folder folder;
  {
    auto run = CascadeRun::start(record(), folder.log());
    REQUIRE(run.ok());
    (void)stage_of(*run);
    REQUIRE(run->stage_done(0, "draft", with_entropy(500'000)).ok());
  }
  const auto size = std::filesystem::file_size(folder.log());
  std::filesystem::resize_file(folder.log(), size - 1);
  auto resumed = CascadeRun::resume(folder.log());
  REQUIRE(resumed.ok());
  CHECK(stage_of(*resumed).stage == 0);
}

TEST_CASE("a completed run is not resumed, a cancelled one is") {
  const Folder folder;
  {
    auto run = CascadeRun::start(record(), folder.log());
    REQUIRE(run->end(messages::Outcome::cancelled, "stopped").ok());
  }
  {
    auto run = CascadeRun::resume(folder.log());
    REQUIRE(run.ok());
    REQUIRE(run->end(messages::Outcome::completed, "").ok());
  }
  const auto again = CascadeRun::resume(folder.log());
  REQUIRE_FALSE(again.ok());
  CHECK(again.error().is(ActorsError::run_finished));
}

TEST_CASE("a stage is skipped only if the run allows it and the earlier stage was sure") {
  for (const bool is_allowed : {false, true}) {
    for (const bool is_sure : {false, true}) {
      const Folder folder;
      RunRecord wanted = record();
      wanted.skip = is_allowed ? SkipPolicy::as_configured : SkipPolicy::never;
      auto run = CascadeRun::start(wanted, folder.log());
      REQUIRE(run.ok());
      (void)stage_of(*run);
      REQUIRE(run->stage_done(0, "draft", with_entropy(is_sure ? 1'000 : 900'000)).ok());
      (void)stage_of(*run);
      REQUIRE(run->stage_done(1, "fine", with_entropy(900'000)).ok());
      const auto step = run->next();
      REQUIRE(step.ok());
      CHECK(std::holds_alternative<CascadeRun::Skipped>(*step) == (is_allowed && is_sure));
    }
  }
}

TEST_CASE("a cut stage's text is committed and spares no later stage") {
  const Folder folder;
  auto run = CascadeRun::start(record(), folder.log());
  REQUIRE(run.ok());
  (void)stage_of(*run);
  REQUIRE(
      run->stage_preempted(0, "x x x", messages::PreemptReason::repetition, with_entropy(10)).ok());
  (void)stage_of(*run);
  REQUIRE(run->stage_done(1, "bad", with_entropy(10)).ok());
  CHECK(stage_of(*run).prompt == "x x x bad");
}

TEST_CASE("a lost stage's text is kept for people and the stage runs again") {
  const Folder folder;
  {
    auto run = CascadeRun::start(record(), folder.log());
    REQUIRE(run.ok());
    (void)stage_of(*run);
    REQUIRE(run->stage_lost(0, "half a dra").ok());
    REQUIRE(run->end(messages::Outcome::failed, "died").ok());
  }
  const auto logged = read_logged_run(folder.log());
  REQUIRE(logged.ok());
  CHECK(logged->slots[1].text == "half a dra");
  CHECK(logged->slots[1].state == memory::SlotState::interrupted);
  CHECK(logged->end->error == "died");
  auto resumed = CascadeRun::resume(folder.log());
  REQUIRE(resumed.ok());
  CHECK(stage_of(*resumed).stage == 0);
}

}  // namespace blue::actors
