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

/// The runtime with a probe in the scheduler's place, and a cascade submitted to it.
struct Bench {
  Bench() : runtime(cooperative()) {
    runtime.actors->settle();
    const auto scheduler = probe(runtime.actors->system(), story);
    book().update([&](Addresses& addresses) { addresses.scheduler = scheduler; });
    run = runtime.begin_cascade(test::two_stages(), "t", "run.wal");
    runtime.actors->settle();
  }
  actors::AddressBook& book() { return runtime.actors->context().book; }

  std::string story;
  test::TestRuntime runtime;
  messages::RunNumber run;
};

}  // namespace

TEST_CASE("the supervisor submits a run and closes it in one order, whatever its cascade does") {
  Bench bench;
  CHECK(bench.story == "submit 1; ");
  messages::CancelRun cancel;
  cancel.run = bench.run;
  bench.runtime.actors->send(bench.book().cascade(bench.run), cancel);
  bench.runtime.actors->settle();
  CHECK(bench.story == "submit 1; done 1; ");
  CHECK_FALSE(bench.book().cascade(bench.run));
}

TEST_CASE("a stage that dies is started again and its old incarnation reported lost") {
  Bench bench;
  const auto before = bench.book().stage(messages::StageId{0});
  messages::send_exit_to(before.handle, caf::exit_reason::kill);
  bench.runtime.actors->settle();
  CHECK(bench.story == "submit 1; lost stage 0 incarnation 1; ");
  const auto after = bench.book().stage(messages::StageId{0});
  CHECK(after.incarnation == 2);
  CHECK(after.handle != before.handle);
}

TEST_CASE("a cascade that dies ends its run with an error, and no successor is spawned") {
  Bench bench;
  messages::send_exit_to(bench.book().cascade(bench.run), caf::exit_reason::kill);
  bench.runtime.actors->settle();
  CHECK(bench.story == "submit 1; done 1; ");
  CHECK_FALSE(bench.book().cascade(bench.run));
  const auto events =
      bench.runtime.actors->context().events.take(bench.run, std::chrono::nanoseconds(0));
  REQUIRE(!events.empty());
  CHECK(events.back().outcome == messages::Outcome::failed);
  CHECK(events.back().error.find("resume the run") != std::string::npos);
}

}  // namespace blue
