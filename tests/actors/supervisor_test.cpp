// The supervisor alone beside a probe in the scheduler's place, on the deterministic scheduler.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/support/actors/test_runtime.h"

namespace blue {
namespace {

using actors::Addresses;

actors::RuntimeContextOptions cooperative() {
  actors::RuntimeContextOptions options;
  options.spawn = actors::SpawnMode::cooperative;
  return options;
}

/// What arrives at the scheduler, in place of the real one.
actors::SchedulerHandle probe(caf::actor_system& system, std::string& story) {
  return system.spawn([&story]() -> actors::SchedulerHandle::behavior_type {
    const auto tell = [&story](const std::string& what, messages::RunNumber run) {
      story += what + " " + std::to_string(run.value) + "; ";
    };
    return {[tell](const messages::SubmitRun& order) { tell("submit", order.run); },
            [tell](const messages::StageReady& ready) { tell("ready", ready.spec.key.run); },
            [](const messages::StageDone&) {},
            [](const messages::StagePreempted&) {},
            [](const messages::StageFailed&) {},
            [&story](const messages::StageLost& lost) {
              story += "lost stage " + std::to_string(lost.stage_id.value) + " incarnation " +
                       std::to_string(lost.incarnation) + "; ";
            },
            [tell](const messages::CancelRun& order) { tell("cancel", order.run); },
            [tell](const messages::RunDone& ended) { tell("done", ended.run); },
            [](const messages::Stalled&) {},
            [](const messages::TierPressure&) {},
            [](const messages::LookAgain&) {},
            [](const messages::UnloadModel&) { return messages::ModelUnloaded{}; }};
  });
}

}  // namespace

TEST_CASE("the supervisor submits a run and closes it in one order, whatever its cascade does") {
  test::TestRuntime runtime(cooperative());
  runtime.actors->settle();
  std::string story;
  auto& book = runtime.actors->context().book;
  const auto scheduler = probe(runtime.actors->system(), story);
  book.update([&](Addresses& addresses) { addresses.scheduler = scheduler; });
  const auto run = runtime.begin_cascade(test::two_stages(), "t", "run.wal");
  runtime.actors->settle();
  CHECK(story == "submit 1; ");
  messages::CancelRun cancel;
  cancel.run = run;
  runtime.actors->send(book.cascade(run), cancel);
  runtime.actors->settle();
  CHECK(story == "submit 1; done 1; ");
  CHECK_FALSE(book.cascade(run));
}

TEST_CASE("a stage that dies is started again and its old incarnation reported lost") {
  test::TestRuntime runtime(cooperative());
  runtime.actors->settle();
  std::string story;
  auto& book = runtime.actors->context().book;
  const auto scheduler = probe(runtime.actors->system(), story);
  book.update([&](Addresses& addresses) { addresses.scheduler = scheduler; });
  (void)runtime.begin_cascade(test::two_stages(), "t", "run.wal");
  runtime.actors->settle();
  const auto before = book.stage(messages::StageId{0});
  messages::send_exit_to(before.handle, caf::exit_reason::kill);
  runtime.actors->settle();
  CHECK(story == "submit 1; lost stage 0 incarnation 1; ");
  const auto after = book.stage(messages::StageId{0});
  CHECK(after.incarnation == 2);
  CHECK(after.handle != before.handle);
}

TEST_CASE("a cascade that dies ends its run with an error, and no successor is spawned") {
  test::TestRuntime runtime(cooperative());
  runtime.actors->settle();
  std::string story;
  auto& book = runtime.actors->context().book;
  const auto scheduler = probe(runtime.actors->system(), story);
  book.update([&](Addresses& addresses) { addresses.scheduler = scheduler; });
  const auto run = runtime.begin_cascade(test::two_stages(), "t", "run.wal");
  runtime.actors->settle();
  messages::send_exit_to(book.cascade(run), caf::exit_reason::kill);
  runtime.actors->settle();
  CHECK(story == "submit 1; done 1; ");
  CHECK_FALSE(book.cascade(run));
  const auto events = runtime.actors->context().events.take(run, std::chrono::nanoseconds(0));
  REQUIRE(!events.empty());
  CHECK(events.back().outcome == messages::Outcome::failed);
  CHECK(events.back().error.find("resume the run") != std::string::npos);
}

}  // namespace blue
