// Crashes and Ctrl-C: what was committed is found again, and the run completes.
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "actors/cascade/cascade_run.h"
#include "actors/cascade/run_directory.h"
#include "base/units.h"
#include "tests/support/program.h"

namespace blue::test {
namespace {

constexpr const char* kTask = "Return the sum of the squares of the even numbers in xs.";

/// Moments to kill at: $BLUE_KILLS, or a few.
int n_kills() {
  const char* wanted = std::getenv("BLUE_KILLS");
  return wanted != nullptr ? std::atoi(wanted) : 12;
}

std::map<std::string, std::string> slots_of(const actors::LoggedRun& run) {
  std::map<std::string, std::string> slots;
  for (const memory::SlotText& slot : run.slots) {
    if (slot.state == memory::SlotState::committed) slots[slot.name] = slot.text;
  }
  return slots;
}

TEST_CASE("a run killed at any moment resumes from what it had committed") {
  const ScratchFolder scratch;
  const std::map<std::string, std::string> environment = {{"BLUE_RUNS", scratch.path()}};
  // The reference device is slow: most moments lie inside the run.
  const Nanoseconds begin = monotonic_now_ns();
  const ProgramResult plain = run_program(
      "blue",
      {.arguments = {"run", kTask, "--json", "--device", "reference"}, .environment = environment});
  const Nanoseconds whole_run = monotonic_now_ns() - begin;
  REQUIRE(plain.exit_status == 0);
  const auto wanted = nlohmann::json::parse(plain.out)["slots"];

  int n_interrupted = 0;
  for (int i = 0; i < n_kills(); ++i) {
    const auto moment = std::chrono::microseconds(whole_run / 1000 * ((i * 7919) % 97) / 97);
    const std::size_t n_before = actors::list_runs(scratch.path()).size();
    (void)run_program("blue", {.arguments = {"run", kTask, "--device", "reference"},
                               .environment = environment,
                               .signal = SIGKILL,
                               .signal_after = moment});
    if (actors::list_runs(scratch.path()).size() == n_before)
      continue;  // killed before the run began
    const actors::RunPlace place = actors::find_run(scratch.path(), "last").value();
    const auto logged = actors::read_logged_run(place.log.string());
    INFO("killed after " << moment.count() << " us, run " << place.id);
    if (!logged) {
      // The very first record was under way: there is no run to speak of, and resume says so.
      CHECK(run_program("blue", {.arguments = {"resume", place.id}, .environment = environment})
                .exit_status == 2);
      std::filesystem::remove_all(place.directory);
      continue;
    }
    const auto committed = slots_of(*logged);
    CHECK(committed.at("task") == kTask);
    if (logged->end) continue;  // it had finished
    ++n_interrupted;
    const ProgramResult resumed = run_program(
        "blue", {.arguments = {"resume", place.id, "--json"}, .environment = environment});
    INFO(resumed.err);
    REQUIRE(resumed.exit_status == 0);
    const auto document = nlohmann::json::parse(resumed.out);
    CHECK(document["slots"] == wanted);
    for (const auto& [slot, text] : committed) CHECK(document["slots"][slot] == text);
  }
  CHECK(n_interrupted > 0);
  WARN(n_interrupted << " of " << n_kills() << " kills hit a run under way");
}

TEST_CASE("Ctrl-C ends the program with status 130 and the run can go on") {
  const ScratchFolder scratch;
  const std::map<std::string, std::string> environment = {{"BLUE_RUNS", scratch.path()}};
  for (const int moment_ms : {5, 25, 40, 60}) {
    const ProgramResult stopped =
        run_program("blue", {.arguments = {"run", kTask, "--device", "reference"},
                             .environment = environment,
                             .signal = SIGINT,
                             .signal_after = std::chrono::milliseconds(moment_ms)});
    INFO("after " << moment_ms << " ms: " << stopped.err);
    // Before the handler stands the signal's own default ends the program; after the run nothing is
    // left to stop.
    CHECK((stopped.exit_status == 130 || stopped.exit_status == 0));
    if (stopped.exit_status != 130 || stopped.err.find("blue resume") == std::string::npos)
      continue;
    const ProgramResult resumed = run_program(
        "blue", {.arguments = {"resume", "last", "--json"}, .environment = environment});
    INFO(resumed.err);
    CHECK(resumed.exit_status == 0);
  }
}

}  // namespace
}  // namespace blue::test
