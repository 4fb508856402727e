// The scheduler alone between probes: what it sends, message by message, on the deterministic
// scheduler.
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "tests/support/actors/test_runtime.h"

namespace blue {
namespace {

using actors::Addresses;
using messages::JobKey;
using messages::JobNumber;
using messages::RunNumber;
using messages::StageId;

/// Records what the scheduler sends to stages and cascades in place of the real ones.
class Bench {
 public:
  Bench() : runtime_(cooperative()) {
    runtime_.actors->settle();
    stage_ = context().channels.open("think").value()->index;
    auto stage = runtime_.actors->system().spawn([this]() -> actors::StageHandle::behavior_type {
      return {[this](const messages::RunStage& order) {
                story += "run job " + std::to_string(order.spec.key.job.value) + "; ";
              },
              [](const messages::ReleaseModel&) { return messages::ModelReleased{}; }};
    });
    context().book.update([&](Addresses& addresses) { addresses.stages[stage_] = {stage, 1}; });
  }

  void add_cascade(RunNumber run) {
    const std::string name = "cascade " + std::to_string(run.value);
    auto cascade =
        runtime_.actors->system().spawn([this, name]() -> actors::CascadeHandle::behavior_type {
          const auto tell = [this, name](const std::string& what) {
            story += name + " " + what + "; ";
          };
          return {[tell](const messages::BeginRun&) { tell("begins"); },
                  [tell](const messages::StageDone&) { tell("has its stage done"); },
                  [tell](const messages::StagePreempted&) { tell("has its stage preempted"); },
                  [tell](const messages::StageFailed& failed) { tell("fails: " + failed.error); },
                  [tell](const messages::CancelRun&) { tell("is cancelled"); },
                  [tell](const messages::SchedulerRestarted&) { tell("sends again"); }};
        });
    context().book.update([&](Addresses& addresses) { addresses.cascades[run] = cascade; });
  }

  template <class Message>
  std::string after(Message message) {
    story.clear();
    runtime_.actors->send(&Addresses::scheduler, std::move(message));
    runtime_.actors->settle();
    return story;
  }

  std::string after_ready(std::uint64_t run, std::uint64_t job) {
    messages::StageReady ready;
    ready.spec.key = key(run, job);
    ready.spec.model = "m";
    return after(ready);
  }
  template <class End>
  std::string after_end(std::uint64_t run, std::uint64_t job) {
    End end;
    end.key = key(run, job);
    return after(end);
  }
  template <class Order>
  std::string after_order(std::uint64_t run) {
    Order order;
    order.run = RunNumber{run};
    return after(order);
  }
  actors::RuntimeContext& context() { return runtime_.actors->context(); }
  [[nodiscard]] StageId stage() const { return stage_; }

  std::string story;

 private:
  static actors::RuntimeContextOptions cooperative() {
    actors::RuntimeContextOptions options;
    options.spawn = actors::SpawnMode::cooperative;
    return options;
  }
  [[nodiscard]] JobKey key(std::uint64_t run, std::uint64_t job) const {
    return {RunNumber{run}, JobNumber{job}, 0, stage_};
  }

  test::TestRuntime runtime_;
  StageId stage_;
};

}  // namespace

TEST_CASE("the scheduler gives the device to one job at a time and forwards each end") {
  Bench bench;
  bench.add_cascade(RunNumber{1});
  bench.add_cascade(RunNumber{2});
  CHECK(bench.after_ready(1, 11) == "run job 11; ");
  CHECK(bench.after_ready(2, 22).empty());
  CHECK(bench.after_ready(2, 22).empty());  // sent again: it waits already
  CHECK(bench.after_end<messages::StageDone>(1, 11) ==
        "cascade 1 has its stage done; run job 22; ");
  CHECK(bench.after_end<messages::StagePreempted>(2, 22) == "cascade 2 has its stage preempted; ");
}

TEST_CASE("a cancelled run's waiting job ends at once, its running one by its stop flag") {
  Bench bench;
  bench.add_cascade(RunNumber{1});
  bench.add_cascade(RunNumber{2});
  CHECK(bench.after_ready(1, 11) == "run job 11; ");
  CHECK(bench.after_ready(2, 22).empty());
  CHECK(bench.after_order<messages::CancelRun>(2) ==
        "cascade 2 is cancelled; cascade 2 has its stage preempted; ");  // urgent: it overtakes
  auto& channel = bench.context().channels.at(bench.stage());
  const auto stop = channel.begin_job(JobNumber{11});
  REQUIRE(stop.has_value());
  CHECK(bench.after_order<messages::CancelRun>(1) == "cascade 1 is cancelled; ");
  CHECK(stop->is_stopped());
  CHECK(channel.last_reason() == messages::PreemptReason::cancelled);
  CHECK(bench.after_end<messages::StagePreempted>(1, 11) == "cascade 1 has its stage preempted; ");
}

TEST_CASE("a stage that died fails its job, unless the job was given to its successor") {
  Bench bench;
  bench.add_cascade(RunNumber{1});
  CHECK(bench.after_ready(1, 11) == "run job 11; ");
  messages::StageLost lost;
  lost.stage_id = bench.stage();
  lost.incarnation = 0;  // the one before the one that has the job
  lost.error = "died";
  CHECK(bench.after(lost).empty());
  lost.incarnation = 1;
  CHECK(bench.after(lost) == "cascade 1 fails: died; ");
  CHECK(bench.after_ready(1, 12) == "run job 12; ");
}

TEST_CASE("sixteen runs are open at once, the next begins when one of them has ended") {
  Bench bench;
  for (std::uint64_t run = 1; run <= 17; ++run) bench.add_cascade(RunNumber{run});
  for (std::uint64_t run = 1; run <= 16; ++run)
    CHECK(bench.after_order<messages::SubmitRun>(run) ==
          "cascade " + std::to_string(run) + " begins; ");
  CHECK(bench.after_order<messages::SubmitRun>(17).empty());
  CHECK(bench.after_order<messages::RunDone>(3) == "cascade 17 begins; ");
}

TEST_CASE("a run that is cancelled before it is submitted leaves no open run behind") {
  Bench bench;
  for (std::uint64_t run = 1; run <= 17; ++run) bench.add_cascade(RunNumber{run});
  for (std::uint64_t run = 1; run <= 16; ++run) {
    // The cascade answers a cancel with run_done through the supervisor, which sent submit_run
    // before it.
    (void)bench.after_order<messages::CancelRun>(run);
    (void)bench.after_order<messages::SubmitRun>(run);
    (void)bench.after_order<messages::RunDone>(run);
  }
  CHECK(bench.after_order<messages::SubmitRun>(17) == "cascade 17 begins; ");
}

}  // namespace blue
