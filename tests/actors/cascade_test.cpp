#include <catch2/catch_test_macros.hpp>
#include <map>

#include "actors/cascade/cascade_run.h"
#include "tests/support/actors/test_runtime.h"

namespace blue {
namespace {

using actors::RunEvent;
using test::Script;
using Kind = actors::RunEvent::Kind;

std::map<std::string, std::string> slots_of(const std::vector<RunEvent>& events) {
  std::map<std::string, std::string> slots;
  for (const RunEvent& event : events) {
    if (event.kind == Kind::slot_written) slots[event.name] = event.text;
  }
  return slots;
}

std::string text_of(const std::vector<RunEvent>& events, const std::string& stage) {
  std::string text;
  for (const RunEvent& event : events) {
    if (event.kind == Kind::text && event.name == stage) text += event.text;
  }
  return text;
}

}  // namespace

TEST_CASE("a cascade runs its stages in order and each reads what it may see") {
  test::TestRuntime runtime;
  runtime.scripts->set("think", test::saying("square them, then add"));
  runtime.scripts->set("code", test::saying("def f(xs): return sum(x * x for x in xs)"));
  const auto run = runtime.begin_cascade(test::two_stages(), "sum of squares", "run.wal");
  const auto events = runtime.wait_for_end(run);
  REQUIRE(events.back().kind == Kind::finished);
  CHECK(events.back().error == "");
  CHECK(events.back().outcome == messages::Outcome::completed);
  const auto slots = slots_of(events);
  CHECK(slots.at("task") == "sum of squares");
  CHECK(slots.at("reasoning") == "square them, then add");
  CHECK(slots.at("code") == "def f(xs): return sum(x * x for x in xs)");
  CHECK(text_of(events, "think") == slots.at("reasoning"));
  CHECK(text_of(events, "code") == slots.at("code"));
  CHECK(runtime.scripts->prompts() ==
        std::vector<std::string>{"Task: sum of squares", "Plan: square them, then add"});
}

TEST_CASE(
    "a stage that asks for a slot it may not see ends the run with an error that names both") {
  test::TestRuntime runtime;
  runtime.scripts->set("think", test::saying("a plan"));
  actors::CascadeSpec spec = test::two_stages();
  spec.stages[1].prompt = "Peek: {task}";
  const auto events = runtime.wait_for_end(runtime.begin_cascade(spec, "secret", "run.wal"));
  REQUIRE(events.back().kind == Kind::finished);
  CHECK(events.back().outcome == messages::Outcome::failed);
  CHECK(events.back().error.find("task") != std::string::npos);
  CHECK(runtime.scripts->prompts().size() == 1);
}

TEST_CASE("a stage that repeats itself is preempted and its partial text is kept") {
  test::TestRuntime runtime;
  Script loop;
  loop.tokens = {"again ", "and "};
  loop.repeat_period = 2;
  runtime.scripts->set("think", loop);
  runtime.scripts->set("code", test::saying("pass"));
  actors::CascadeSpec spec = test::two_stages();
  spec.stages[0].max_tokens = 2'000'000'000;  // it ends by preemption or not at all
  const auto events = runtime.wait_for_end(runtime.begin_cascade(spec, "t", "run.wal"));
  REQUIRE(events.back().kind == Kind::finished);
  CHECK(events.back().outcome == messages::Outcome::completed);
  bool was_preempted = false;
  for (const RunEvent& event : events) {
    if (event.kind != Kind::stage_preempted) continue;
    was_preempted = true;
    CHECK(event.text == "repetition");
  }
  CHECK(was_preempted);
  CHECK(slots_of(events).at("reasoning").starts_with("again and again and "));
  CHECK(slots_of(events).at("code") == "pass");
}

TEST_CASE(
    "a stage whose source throws ends the run, keeps the committed slots, and serves the next "
    "run") {
  test::TestRuntime runtime;
  runtime.scripts->set("think", test::saying("a plan"));
  Script broken = test::saying("def f");
  broken.end = Script::End::exception;
  runtime.scripts->set("code", broken);
  const auto events =
      runtime.wait_for_end(runtime.begin_cascade(test::two_stages(), "t", "run.wal"));
  REQUIRE(events.back().kind == Kind::finished);
  CHECK(events.back().outcome == messages::Outcome::failed);
  CHECK(events.back().error.find("stage.code") != std::string::npos);

  runtime.scripts->set("code", test::saying("def f(): pass"));
  actors::RunPlan again;
  again.log_path = runtime.log_path("run.wal");
  again.start = actors::RunStart::resumed;
  const auto logged = actors::read_logged_run(again.log_path);
  REQUIRE(logged.ok());
  again.record = logged->record;
  const auto resumed = runtime.wait_for_end(runtime.begin(std::move(again)));
  REQUIRE(resumed.back().kind == Kind::finished);
  CHECK(resumed.back().error == "");
  CHECK(slots_of(resumed).at("reasoning") == "a plan");
  CHECK(slots_of(resumed).at("code") == "def f(): pass");
  const auto pong = runtime.actors->ping();
  REQUIRE(pong.has_value());
  CHECK(pong->n_restarts == 1);
}

TEST_CASE("cancelling a run that waits in a stage ends it and a resume completes it") {
  test::TestRuntime runtime;
  Script stuck = test::saying("a plan that ");
  stuck.end = Script::End::wait_for_stop;
  runtime.scripts->set("think", stuck);
  runtime.scripts->set("code", test::saying("pass"));
  const auto run = runtime.begin_cascade(test::two_stages(), "t", "run.wal");
  while (runtime.scripts->n_waiting == 0) std::this_thread::yield();
  messages::CancelRun cancel;
  cancel.run = run;
  runtime.actors->send(&actors::Addresses::application, cancel);
  const auto events = runtime.wait_for_end(run);
  REQUIRE(events.back().kind == Kind::finished);
  CHECK(events.back().outcome == messages::Outcome::cancelled);

  runtime.scripts->set("think", test::saying("a plan"));
  actors::RunPlan again;
  again.log_path = runtime.log_path("run.wal");
  again.start = actors::RunStart::resumed;
  again.record = actors::read_logged_run(again.log_path)->record;
  const auto resumed = runtime.wait_for_end(runtime.begin(std::move(again)));
  REQUIRE(resumed.back().kind == Kind::finished);
  CHECK(resumed.back().outcome == messages::Outcome::completed);
  CHECK(slots_of(resumed).at("reasoning") == "a plan");
}

TEST_CASE("a generation streams its text and says why it ended") {
  test::TestRuntime runtime;
  runtime.scripts->set("m", test::saying("one two three four"));
  const auto events = runtime.wait_for_end(runtime.begin_generation("m", 3));
  REQUIRE(events.back().kind == Kind::finished);
  CHECK(text_of(events, "generate") == "one two three ");
  CHECK(events.back().text == "one two three ");
  CHECK(events.back().end == messages::StageEnd::token_budget);
  CHECK(events.back().figures.n_tokens == 3);
}

TEST_CASE("two runs share the stages and take turns") {
  test::TestRuntime runtime;
  runtime.scripts->set("think", test::saying("a plan"));
  runtime.scripts->set("code", test::saying("pass"));
  const auto first = runtime.begin_cascade(test::two_stages(), "one", "1.wal");
  const auto second = runtime.begin_cascade(test::two_stages(), "two", "2.wal");
  CHECK(runtime.wait_for_end(first).back().outcome == messages::Outcome::completed);
  CHECK(runtime.wait_for_end(second).back().outcome == messages::Outcome::completed);
}

TEST_CASE("a scheduler that dies in the middle of a stage is started again and the run completes") {
  test::TestRuntime runtime;
  Script stuck = test::saying("a plan");
  stuck.end = Script::End::wait_for_stop;
  runtime.scripts->set("think", test::saying("a plan"));
  runtime.scripts->set("code", stuck);
  const auto run = runtime.begin_cascade(test::two_stages(), "t", "run.wal");
  while (runtime.scripts->n_waiting == 0) std::this_thread::yield();
  messages::send_exit_to(runtime.actors->context().book.get(&actors::Addresses::scheduler),
                         caf::exit_reason::kill);
  while (runtime.actors->ping()->n_restarts == 0) std::this_thread::yield();
  runtime.actors->context().channels.preempt(
      {2}, messages::PreemptReason::repetition);  // lets the second job's source go
  const auto events = runtime.wait_for_end(run);
  REQUIRE(events.back().kind == Kind::finished);
  CHECK(events.back().outcome == messages::Outcome::completed);
  CHECK(slots_of(events).at("code") == "a plan");
}

}  // namespace blue
