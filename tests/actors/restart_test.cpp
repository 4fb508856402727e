#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "actors/logic/cascade_run.h"
#include "tests/support/actors/test_house.h"

namespace blue {
namespace {

using actors::Addresses;

template <class Handle>
void kill(test::TestHouse& house, Handle Addresses::*who) {
  messages::send_exit_to(house.house->fabric().book.get(who), caf::exit_reason::kill);
}

void wait_for_restarts(test::TestHouse& house, std::uint32_t n) {
  for (;;) {
    const auto pong = house.house->ping();
    REQUIRE(pong.has_value());
    if (pong->n_restarts >= n) return;
    std::this_thread::yield();
  }
}

}  // namespace

TEST_CASE("actors whose state can be rebuilt are started again and a run goes through afterwards") {
  test::TestHouse house;
  house.scripts->set("think", test::saying("a plan"));
  house.scripts->set("code", test::saying("pass"));
  REQUIRE(house.house->ping().has_value());
  std::uint32_t n = 0;
  kill(house, &Addresses::entropy_monitor);
  wait_for_restarts(house, ++n);
  kill(house, &Addresses::watchdog);
  wait_for_restarts(house, ++n);
  kill(house, &Addresses::tracer);
  wait_for_restarts(house, ++n);
  kill(house, &Addresses::tokenizer);
  wait_for_restarts(house, ++n);
  kill(house, &Addresses::kv_library);
  wait_for_restarts(house, ++n);
  kill(house, &Addresses::scheduler);
  wait_for_restarts(house, ++n);
  const auto events = house.wait_for_end(house.begin_cascade(test::two_stages(), "t", "run.wal"));
  REQUIRE(!events.empty());
  CHECK(events.back().outcome == messages::Outcome::completed);
  CHECK(house.house->flush_traces());
}

TEST_CASE("a cascade that dies ends its run with an error and leaves a log that a resume completes") {
  test::TestHouse house;
  house.scripts->set("think", test::saying("a plan"));
  test::Script stuck = test::saying("pa");
  stuck.end = test::Script::End::wait_for_stop;
  house.scripts->set("code", stuck);
  const auto run = house.begin_cascade(test::two_stages(), "t", "run.wal");
  while (house.scripts->n_waiting == 0) std::this_thread::yield();
  messages::send_exit_to(house.house->fabric().book.cascade(run), caf::exit_reason::kill);
  const auto events = house.wait_for_end(run);
  REQUIRE(!events.empty());
  CHECK(events.back().outcome == messages::Outcome::failed);
  CHECK(events.back().error.find("cascade") != std::string::npos);
  // The stage that worked for it is stopped, so that the device is free.
  while (house.scripts->n_waiting != 0) std::this_thread::yield();

  house.scripts->set("code", test::saying("pass"));
  actors::RunPlan again;
  again.log_path = house.log_path("run.wal");
  again.start = actors::RunStart::resumed;
  const auto logged = actors::read_logged_run(again.log_path);
  REQUIRE(logged.ok());
  again.record = logged->record;
  const auto resumed = house.wait_for_end(house.begin(std::move(again)));
  REQUIRE(!resumed.empty());
  CHECK(resumed.back().outcome == messages::Outcome::completed);
  const auto prompts = house.scripts->prompts();
  CHECK(prompts.size() == 3);  // think was not run again
}

TEST_CASE("an actor that can't be started again ends the runtime and every waiting thread hears it") {
  test::TestHouse house;
  test::Script stuck = test::saying("a");
  stuck.end = test::Script::End::wait_for_stop;
  house.scripts->set("m", stuck);
  const auto run = house.begin_generation("m", 10);
  while (house.scripts->n_waiting == 0) std::this_thread::yield();
  kill(house, &Addresses::application);
  const auto events = house.wait_for_end(run);
  REQUIRE(!events.empty());
  CHECK(events.back().kind == actors::RunEvent::Kind::finished);
  CHECK(events.back().outcome != messages::Outcome::completed);
}

}  // namespace blue
