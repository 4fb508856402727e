// The same actors on a scheduler that handles one message at a time on the test's own thread: no
// races, no waiting.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "tests/support/actors/test_runtime.h"

namespace blue {
namespace {

std::string story_of(const std::vector<actors::RunEvent>& events) {
  std::string story;
  for (const actors::RunEvent& event : events) {
    using Kind = actors::RunEvent::Kind;
    if (event.kind == Kind::stage_started) story += "start " + event.name + "; ";
    if (event.kind == Kind::slot_written) story += event.name + "=" + event.text + "; ";
    if (event.kind == Kind::finished) story += event.error.empty() ? "end" : event.error;
  }
  return story;
}

std::string run_once() {
  actors::RuntimeContextOptions options;
  options.spawn = actors::SpawnMode::cooperative;
  test::TestRuntime runtime(std::move(options));
  runtime.scripts->set("think", test::saying("a plan"));
  runtime.scripts->set("code", test::saying("pass"));
  const auto run = runtime.begin_cascade(test::two_stages(), "t", "run.wal");
  runtime.actors->settle();
  // Everything has happened by now: nothing is waited for.
  return story_of(runtime.actors->context().events.take(run, std::chrono::nanoseconds(0)));
}

}  // namespace

TEST_CASE(
    "on the deterministic scheduler a whole run is over when no message waits, and goes the same "
    "way every "
    "time") {
  const std::string story = run_once();
  CHECK(story == "task=t; start think; reasoning=a plan; start code; code=pass; end");
  CHECK(run_once() == story);
}

}  // namespace blue
