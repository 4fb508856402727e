#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "actors/cascade/cascade_run.h"
#include "tests/support/actors/test_runtime.h"

namespace blue {
namespace {

using actors::Addresses;

template <class Handle>
void kill(test::TestRuntime& runtime, Handle Addresses::*who) {
  messages::send_exit_to(runtime.actors->context().book.get(who), caf::exit_reason::kill);
}

void wait_for_restarts(test::TestRuntime& runtime, std::uint32_t n) {
  for (;;) {
    const auto pong = runtime.actors->ping();
    REQUIRE(pong.has_value());
    if (pong->n_restarts >= n) return;
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("actors whose state can be rebuilt are started again and a run goes through afterwards") {
  test::TestRuntime runtime;
  runtime.scripts->set("think", test::saying("a plan"));
  runtime.scripts->set("code", test::saying("pass"));
  REQUIRE(runtime.actors->ping().has_value());
  std::uint32_t n = 0;
  kill(runtime, &Addresses::entropy_monitor);
  wait_for_restarts(runtime, ++n);
  kill(runtime, &Addresses::watchdog);
  wait_for_restarts(runtime, ++n);
  kill(runtime, &Addresses::tracer);
  wait_for_restarts(runtime, ++n);
  kill(runtime, &Addresses::kv_library);
  wait_for_restarts(runtime, ++n);
  kill(runtime, &Addresses::scheduler);
  wait_for_restarts(runtime, ++n);
  const auto events =
      runtime.wait_for_end(runtime.begin_cascade(test::two_stages(), "t", "run.wal"));
  REQUIRE(!events.empty());
  CHECK(events.back().outcome == messages::Outcome::completed);
  CHECK(runtime.actors->flush_traces());
}

TEST_CASE(
    "a cascade that dies ends its run with an error and leaves a log that a resume completes") {
  test::TestRuntime runtime;
  runtime.scripts->set("think", test::saying("a plan"));
  test::Script stuck = test::saying("pa");
  stuck.end = test::Script::End::wait_for_stop;
  runtime.scripts->set("code", stuck);
  const auto run = runtime.begin_cascade(test::two_stages(), "t", "run.wal");
  while (runtime.scripts->n_waiting == 0) std::this_thread::yield();
  messages::send_exit_to(runtime.actors->context().book.cascade(run), caf::exit_reason::kill);
  const auto events = runtime.wait_for_end(run);
  REQUIRE(!events.empty());
  CHECK(events.back().outcome == messages::Outcome::failed);
  CHECK(events.back().error.find("cascade") != std::string::npos);
  // The stage that worked for it is stopped, so that the device is free.
  while (runtime.scripts->n_waiting != 0) std::this_thread::yield();

  runtime.scripts->set("code", test::saying("pass"));
  actors::RunPlan again;
  again.log_path = runtime.log_path("run.wal");
  again.start = actors::RunStart::resumed;
  const auto logged = actors::read_logged_run(again.log_path);
  REQUIRE(logged.ok());
  again.record = logged->record;
  const auto resumed = runtime.wait_for_end(runtime.begin(std::move(again)));
  REQUIRE(!resumed.empty());
  CHECK(resumed.back().outcome == messages::Outcome::completed);
  const auto prompts = runtime.scripts->prompts();
  CHECK(prompts.size() == 3);  // think was not run again
}

TEST_CASE(
    "an actor that can't be started again ends the runtime and every waiting thread hears it") {
  test::TestRuntime runtime;
  test::Script stuck = test::saying("a");
  stuck.end = test::Script::End::wait_for_stop;
  runtime.scripts->set("m", stuck);
  const auto run = runtime.begin_generation("m", 10);
  while (runtime.scripts->n_waiting == 0) std::this_thread::yield();
  kill(runtime, &Addresses::application);
  const auto events = runtime.wait_for_end(run);
  REQUIRE(!events.empty());
  CHECK(events.back().kind == actors::RunEvent::Kind::finished);
  CHECK(events.back().outcome != messages::Outcome::completed);
}

}  // namespace blue
