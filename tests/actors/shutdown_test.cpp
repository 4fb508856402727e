// Starts and stops the actors from random states, under a watchdog that ends the process if one of
// them hangs. BLUE_SHUTDOWN_ROUNDS sets how often; 1,000 is what a release is tested with.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "tests/support/actors/test_runtime.h"

namespace blue {
namespace {

using test::Script;

/// Ends the process when it is not fed for half a minute: a hang must not look like a slow machine.
class ProcessWatchdog {
 public:
  ProcessWatchdog() : thread_([this] { watch(); }) {}
  ~ProcessWatchdog() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  void feed() {
    const std::lock_guard lock(mutex_);
    ++n_fed_;
    changed_.notify_all();
  }

 private:
  void watch() {
    std::unique_lock lock(mutex_);
    while (!is_over_) {
      const std::uint64_t before = n_fed_;
      const bool is_alive = changed_.wait_for(lock, std::chrono::seconds(30),
                                              [&] { return is_over_ || n_fed_ != before; });
      if (is_alive) continue;
      std::fputs("a shutdown hangs\n", stderr);
      std::_Exit(3);
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t n_fed_ = 0;
  bool is_over_ = false;
  std::thread thread_;  // last: it uses the others
};

int n_rounds() {
  const char* wanted = std::getenv("BLUE_SHUTDOWN_ROUNDS");
  return wanted != nullptr ? std::atoi(wanted) : 100;
}

/// Brings the runtime into one of several states, none of which is waited for to settle.
void disturb(test::TestRuntime& runtime, std::mt19937& random) {
  switch (random() % 8) {
    case 0: break;  // barely started
    case 1: runtime.actors->ping(); break;
    case 2: runtime.begin_cascade(test::two_stages(), "t", "run.wal"); break;
    case 3: {  // in the middle of a stage
      runtime.begin_cascade(test::two_stages(), "t", "run.wal");
      while (runtime.scripts->n_waiting == 0) std::this_thread::yield();
      break;
    }
    case 4: {  // with others queued behind it
      for (int i = 0; i < 3; ++i) runtime.begin_generation("think", 100);
      break;
    }
    case 5: {  // while something is being started again
      runtime.begin_cascade(test::two_stages(), "t", "run.wal");
      messages::send_exit_to(
          runtime.actors->context().book.get(&actors::Addresses::entropy_monitor),
          caf::exit_reason::kill);
      break;
    }
    case 6: {  // while a run is cancelled
      messages::CancelRun cancel;
      cancel.run = runtime.begin_cascade(test::two_stages(), "t", "run.wal");
      runtime.actors->send(&actors::Addresses::application, cancel);
      break;
    }
    case 7: runtime.begin_generation("loop", 2'000'000'000); break;
    default: break;
  }
}

}  // namespace

TEST_CASE("the actors end within a second from any state") {
  ProcessWatchdog watchdog;
  std::mt19937 random(20261123);
  Nanoseconds slowest_ns = 0;
  const int n = n_rounds();
  REQUIRE(n > 0);
  for (int round = 0; round < n; ++round) {
    watchdog.feed();
    actors::RuntimeContextOptions options;
    options.spans_per_actor = random() % 2 == 0 ? 1024 : 0;
    test::TestRuntime runtime(std::move(options));
    Script stuck = test::saying("a plan that goes ");
    stuck.end = Script::End::wait_for_stop;
    runtime.scripts->set("think", stuck);
    runtime.scripts->set("code", test::saying("pass"));
    Script loop;
    loop.tokens = {"x"};
    loop.repeat_period = 1'000'000;
    runtime.scripts->set("loop", loop);
    disturb(runtime, random);
    const Nanoseconds began_ns = monotonic_now_ns();
    runtime.actors->stop();
    slowest_ns = std::max(slowest_ns, monotonic_now_ns() - began_ns);
    CHECK(runtime.actors->context().threads.all().empty());
  }
  // A second on a machine of its own; a loaded one, and a sanitizer, take their multiple.
  INFO("slowest stop: " << slowest_ns / 1000 << " us");
  CHECK(slowest_ns < 5'000'000'000);
}

TEST_CASE("whoever waits for a run hears that the runtime was shut down") {
  test::TestRuntime runtime;
  Script stuck = test::saying("a");
  stuck.end = Script::End::wait_for_stop;
  runtime.scripts->set("m", stuck);
  const auto run = runtime.begin_generation("m", 10);
  while (runtime.scripts->n_waiting == 0) std::this_thread::yield();
  runtime.actors->stop();
  const auto events = runtime.wait_for_end(run);
  REQUIRE(!events.empty());
  CHECK(events.back().kind == actors::RunEvent::Kind::finished);
  CHECK(events.back().outcome == messages::Outcome::cancelled);
}

}  // namespace blue
