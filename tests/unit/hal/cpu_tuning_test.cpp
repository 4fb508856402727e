#include "hal/cpu_tuning.h"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "hal/affinity.h"
#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

int current_niceness() { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }

/// `work` on a thread of its own, whose niceness starts at `niceness`.
template <class Work>
void at_niceness(int niceness, Work&& work) {
  std::thread([&] {
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness);
    work();
  }).join();
}

}  // namespace

TEST_CASE("the power governor is told apart: performance, another one, none") {
  const test::ScratchFolder sys;
  CHECK(describe_governor({.sys = sys.path()}).outcome == Outcome::absent);
  const std::string folder = "devices/system/cpu/cpufreq/";
  sys.write(folder + "policy0/scaling_governor", "performance\n");
  CHECK(describe_governor({.sys = sys.path()}).outcome == Outcome::granted);
  sys.write(folder + "policy1/scaling_governor", "powersave\n");
  const BootItem item = describe_governor({.sys = sys.path()});
  CHECK(item.outcome == Outcome::skipped);
  CHECK(item.detail.find("powersave") != std::string::npos);
  CHECK(item.remedy.find("cpupower") != std::string::npos);
  CHECK(sys.read(folder + "policy1/scaling_governor") == "powersave\n");
}

TEST_CASE("cores that take pinned threads are granted, others denied with what the kernel said") {
  Topology topology;
  const auto cpus = current_affinity();
  for (const int cpu : *cpus) topology.cores.push_back({.index = cpu, .pus = {cpu}});
  CHECK(try_pinning(topology).outcome == Outcome::granted);
  Topology wrong;
  wrong.cores.push_back({.index = 0, .pus = {8'000}});
  CHECK(try_pinning(wrong).outcome == Outcome::denied);
  CHECK(try_pinning(wrong).detail.find("0 of 1") != std::string::npos);
}

TEST_CASE("a raised priority is inherited by threads started meanwhile, and then put back") {
  at_niceness(0, [] {
    std::vector<BootItem> items;
    int inherited = 100;
    {
      const RaisedPriority raised = RaisedPriority::ask(-2, items);
      std::thread([&] { inherited = current_niceness(); }).join();
    }
    REQUIRE(items.size() == 1);
    if (items[0].outcome == Outcome::granted) {
      CHECK(inherited == -2);
    } else {
      CHECK(items[0].outcome == Outcome::denied);
      CHECK(items[0].remedy.find("LimitNICE") != std::string::npos);
      CHECK(inherited == 0);
    }
    CHECK(current_niceness() == 0);
  });
}

TEST_CASE("a niceness that somebody chose outside is kept") {
  at_niceness(7, [] {
    std::vector<BootItem> items;
    const RaisedPriority raised = RaisedPriority::ask(-5, items);
    CHECK(items.at(0).outcome == Outcome::skipped);
    CHECK(items.at(0).detail.find("niceness 7") != std::string::npos);
    CHECK(current_niceness() == 7);
  });
}

TEST_CASE("a niceness of 0 asks for nothing") {
  std::vector<BootItem> items;
  const int before = current_niceness();
  const RaisedPriority raised = RaisedPriority::ask(0, items);
  CHECK(items.at(0).outcome == Outcome::skipped);
  CHECK(current_niceness() == before);
}

}  // namespace blue::hal
