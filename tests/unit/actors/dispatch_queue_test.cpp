#include "actors/scheduling/dispatch_queue.h"

#include <catch2/catch_test_macros.hpp>

namespace blue::actors {
namespace {

messages::StageReady ready(messages::JobNumber job, const std::string& model,
                           messages::RunNumber run = 1) {
  messages::StageReady stage;
  stage.job = job;
  stage.run = run;
  stage.model = model;
  stage.max_tokens = 100;
  return stage;
}

messages::StageFigures figures(Nanoseconds load_ns, Nanoseconds token_ns) {
  messages::StageFigures seen;
  seen.n_tokens = 11;
  seen.load_ns = load_ns;
  seen.decode_ns = token_ns * 10;
  return seen;
}

}  // namespace

TEST_CASE("one stage has the device at a time") {
  DispatchQueue queue;
  CHECK(queue.add(ready(1, "a")));
  CHECK(queue.add(ready(2, "a")));
  REQUIRE(queue.take().has_value());
  CHECK_FALSE(queue.take().has_value());
  CHECK(queue.finish(1, nullptr));
  CHECK(queue.take()->job == 2);
}

TEST_CASE("a job that is said again waits once") {
  DispatchQueue queue;
  CHECK(queue.add(ready(1, "a")));
  CHECK_FALSE(queue.add(ready(1, "a")));
  REQUIRE(queue.take().has_value());
  CHECK_FALSE(queue.add(ready(1, "a")));
  CHECK(queue.n_waiting() == 0);
}

TEST_CASE(
    "a model that ran last goes before one that has to be loaded, but nobody is passed over for "
    "ever") {
  DispatchQueue queue;
  queue.add(ready(1, "far"));
  (void)queue.take();
  const auto far = figures(1'000'000'000, 1'000);
  queue.finish(1, &far);
  queue.add(ready(2, "near"));
  (void)queue.take();
  const auto near = figures(1'000'000'000, 1'000);
  queue.finish(2, &near);

  queue.add(ready(3, "far"));
  messages::JobNumber next_near = 4;
  for (std::uint32_t i = 0; i < DispatchQueue::kMaxPasses; ++i) {
    queue.add(ready(next_near, "near"));
    CHECK(queue.take()->job == next_near);
    queue.finish(next_near++, &near);
  }
  queue.add(ready(next_near, "near"));
  CHECK(queue.take()->job == 3);
}

TEST_CASE("cancelling a run drops what waits of it and nothing else") {
  DispatchQueue queue;
  queue.add(ready(1, "a", 1));
  queue.add(ready(2, "a", 2));
  queue.add(ready(3, "a", 1));
  (void)queue.take();
  const auto dropped = queue.cancel(1);
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].job == 3);
  CHECK(queue.running()->job == 1);
  CHECK(queue.n_waiting() == 1);
}

TEST_CASE("an end that is not the running job's changes nothing") {
  DispatchQueue queue;
  queue.add(ready(1, "a"));
  (void)queue.take();
  CHECK_FALSE(queue.finish(9, nullptr));
  CHECK(queue.running().has_value());
}

}  // namespace blue::actors
