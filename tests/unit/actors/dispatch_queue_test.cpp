#include "actors/scheduling/dispatch_queue.h"

#include <catch2/catch_test_macros.hpp>

namespace blue::actors {
namespace {

messages::StageReady ready(std::uint64_t job, const std::string& model, std::uint64_t run = 1) {
  messages::StageReady stage;
  stage.spec.key.job = {job};
  stage.spec.key.run = {run};
  stage.spec.model = model;
  stage.spec.max_tokens = 100;
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
  CHECK(queue.finish({1}, nullptr));
  CHECK(queue.take()->spec.key.job.value == 2);
}

TEST_CASE("a job that is sent again waits once") {
  DispatchQueue queue;
  CHECK(queue.add(ready(1, "a")));
  CHECK_FALSE(queue.add(ready(1, "a")));
  REQUIRE(queue.take().has_value());
  CHECK_FALSE(queue.add(ready(1, "a")));
  CHECK(queue.n_waiting() == 0);
}

TEST_CASE(
    "a model that ran last goes before one that has to be loaded, but no job is passed over for "
    "ever") {
  DispatchQueue queue;
  queue.add(ready(1, "far"));
  (void)queue.take();
  const auto far = figures(1'000'000'000, 1'000);
  queue.finish({1}, &far);
  queue.add(ready(2, "near"));
  (void)queue.take();
  const auto near = figures(1'000'000'000, 1'000);
  queue.finish({2}, &near);

  queue.add(ready(3, "far"));
  std::uint64_t next_near = 4;
  for (std::uint32_t i = 0; i < DispatchQueue::kMaxPasses; ++i) {
    queue.add(ready(next_near, "near"));
    CHECK(queue.take()->spec.key.job.value == next_near);
    queue.finish({next_near++}, &near);
  }
  queue.add(ready(next_near, "near"));
  CHECK(queue.take()->spec.key.job.value == 3);
}

TEST_CASE("cancelling a run drops what waits of it and nothing else") {
  DispatchQueue queue;
  queue.add(ready(1, "a", 1));
  queue.add(ready(2, "a", 2));
  queue.add(ready(3, "a", 1));
  (void)queue.take();
  const auto dropped = queue.cancel({1});
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].spec.key.job.value == 3);
  CHECK(queue.running()->spec.key.job.value == 1);
  CHECK(queue.n_waiting() == 1);
}

TEST_CASE("a model is in use while a job of it waits or runs, and no longer") {
  DispatchQueue queue;
  queue.add(ready(1, "a"));
  queue.add(ready(2, "b"));
  CHECK(queue.uses("a"));
  CHECK(queue.uses("b"));
  (void)queue.take();
  CHECK(queue.uses("a"));
  queue.finish({1}, nullptr);
  CHECK_FALSE(queue.uses("a"));
}

TEST_CASE("an end that is not the running job's changes nothing") {
  DispatchQueue queue;
  queue.add(ready(1, "a"));
  (void)queue.take();
  CHECK_FALSE(queue.finish({9}, nullptr));
  CHECK(queue.running().has_value());
}

}  // namespace blue::actors
