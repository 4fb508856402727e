// A runtime runs on what boot granted: budget, reader, priority; and reports it.
#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <string>

#include "hal/memory_info.h"
#include "runtime/runtime.h"

namespace blue::runtime {
namespace {

RuntimeOptions reference() {
  RuntimeOptions options;
  options.device = "reference";
  return options;
}

int niceness_of(int thread_id) { return getpriority(PRIO_PROCESS, static_cast<id_t>(thread_id)); }

const hal::BootItem& item(const hal::BootReport& report, hal::BootStep step,
                          std::string_view name) {
  const hal::BootItem* found = report.phase(step).find(name);
  INFO("no item " << name);
  REQUIRE(found != nullptr);
  return *found;
}

TEST_CASE("a start reports all six phases, the actors last") {
  NullLogSink log;
  hal::BootReport report;
  const auto runtime = Runtime::start(reference(), log, &report);
  REQUIRE(runtime.ok());
  for (const hal::BootPhase& phase : report.phases) CHECK_FALSE(phase.items.empty());
  using enum hal::BootStep;
  CHECK(item(report, hand_over, "device").detail == (*runtime)->device_choice());
  const std::string n_actors = std::to_string((*runtime)->actors().size());
  CHECK(item(report, hand_over, "actors").detail.starts_with(n_actors + " actors started"));
  CHECK(item(report, tiers, "rates").outcome == hal::Outcome::skipped);
}

TEST_CASE("a start that fails reports what was found and why it failed") {
  NullLogSink log;
  hal::BootReport report;
  RuntimeOptions options;
  options.device = "abacus";
  const auto runtime = Runtime::start(options, log, &report);
  REQUIRE_FALSE(runtime.ok());
  CHECK(runtime.error().kind() == ErrorKind::bad_input);
  CHECK_FALSE(report.phase(hal::BootStep::cpu_and_memory).items.empty());
  const hal::BootItem& refusal = item(report, hal::BootStep::hand_over, "runtime");
  CHECK(refusal.outcome == hal::Outcome::denied);
  CHECK(refusal.detail.find("abacus") != std::string::npos);
}

TEST_CASE("tier 0 on a CPU takes its share of what is available, or what was asked for") {
  NullLogSink log;
  const Bytes available = hal::read_memory_info().value().available;
  {
    const auto runtime = Runtime::start(reference(), log);
    REQUIRE(runtime.ok());
    const Bytes tier = (*runtime)->tiers().at(0).budget;
    CHECK(tier < available);
    CHECK(tier.count > available.count / 4);
  }
  RuntimeOptions options = reference();
  options.resources.vram = 3_MiB;
  const auto runtime = Runtime::start(options, log);
  REQUIRE(runtime.ok());
  CHECK((*runtime)->tiers().at(0).budget == 3_MiB);
}

TEST_CASE("a tier 0 of more host memory than is available is refused with both figures") {
  NullLogSink log;
  RuntimeOptions options = reference();
  options.resources.vram = Bytes{std::uint64_t{1} << 50};
  hal::BootReport report;
  const auto runtime = Runtime::start(options, log, &report);
  REQUIRE_FALSE(runtime.ok());
  CHECK(runtime.error().kind() == ErrorKind::exhausted);
  CHECK(runtime.error().message().find(to_text(options.resources.vram)) != std::string::npos);
  CHECK(item(report, hal::BootStep::memory_reservation, "memory budget").outcome ==
        hal::Outcome::denied);
}

TEST_CASE("the actors run at the granted priority, and the caller is back at its own") {
  const int before = niceness_of(0);
  NullLogSink log;
  hal::BootReport report;
  const auto runtime = Runtime::start(reference(), log, &report);
  REQUIRE(runtime.ok());
  CHECK(niceness_of(0) == before);
  const bool is_granted =
      item(report, hal::BootStep::cpu_tuning, "priority").outcome == hal::Outcome::granted;
  for (const actors::ActorThread& thread : (*runtime)->actors()) {
    CAPTURE(thread.name);
    CHECK(niceness_of(thread.thread_id) == (is_granted ? -5 : before));
  }
}

}  // namespace
}  // namespace blue::runtime
