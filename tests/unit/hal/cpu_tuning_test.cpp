#include "hal/cpu_tuning.h"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "hal/affinity.h"
#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

int current_niceness() { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }

/// A machine with the CPUs of this thread, the last one an efficiency core.
Topology hybrid_here() {
  Topology topology;
  const auto cpus = current_affinity();
  for (const int cpu : *cpus)
    topology.cores.push_back({.index = cpu, .pus = {cpu}, .kind = CoreKind::performance});
  topology.cores.back().kind = CoreKind::efficiency;
  return topology;
}

/// A fake /sys and /proc with two clock policies and two interrupts.
class FakeMachine {
 public:
  FakeMachine() {
    folder_.write("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "powersave\n");
    folder_.write("sys/devices/system/cpu/cpufreq/policy1/scaling_governor", "powersave\n");
    folder_.write("proc/irq/24/smp_affinity_list", "0-1\n");
    folder_.write("proc/irq/25/smp_affinity_list", "1\n");
    folder_.write("proc/irq/default_smp_affinity", "3\n");
  }
  [[nodiscard]] SystemRoots roots() const {
    return {.sys = folder_.path("sys"), .proc = folder_.path("proc")};
  }
  [[nodiscard]] std::string governor(int policy) const {
    return folder_.read("sys/devices/system/cpu/cpufreq/policy" + std::to_string(policy) +
                        "/scaling_governor");
  }
  [[nodiscard]] std::string interrupt(int irq) const {
    return folder_.read("proc/irq/" + std::to_string(irq) + "/smp_affinity_list");
  }
  [[nodiscard]] const test::ScratchFolder& folder() const { return folder_; }

 private:
  test::ScratchFolder folder_;
};

const BootItem& find(const std::vector<BootItem>& items, std::string_view name) {
  for (const BootItem& item : items)
    if (item.name == name) return item;
  throw std::runtime_error("no item " + std::string(name));
}

}  // namespace

TEST_CASE("tuning of the process alone leaves the machine's settings and tells how to ask") {
  const FakeMachine machine;
  const int niceness = current_niceness();
  std::vector<BootItem> items;
  {
    const CpuTuning tuning =
        CpuTuning::apply({.niceness = 0, .roots = machine.roots()}, hybrid_here(), items);
    CHECK(machine.governor(0) == "powersave\n");
    CHECK(machine.interrupt(24) == "0-1\n");
  }
  CHECK(find(items, "pinning").outcome == Outcome::granted);
  CHECK(find(items, "priority").outcome == Outcome::skipped);
  CHECK(find(items, "interrupts").outcome == Outcome::skipped);
  CHECK(find(items, "power governor").outcome == Outcome::skipped);
  CHECK(find(items, "power governor").detail.find("powersave") != std::string::npos);
  CHECK_FALSE(find(items, "power governor").remedy.empty());
  CHECK(current_niceness() == niceness);
}

TEST_CASE("machine-wide tuning sets governor and interrupts and puts them back when it dies") {
  const FakeMachine machine;
  const Topology topology = hybrid_here();
  const std::string efficiency = std::to_string(topology.cores.back().pus.front());
  std::vector<BootItem> items;
  {
    const CpuTuning tuning = CpuTuning::apply(
        {.scope = Tuning::machine_wide, .niceness = 0, .roots = machine.roots()}, topology, items);
    CHECK(machine.governor(0) == "performance");
    CHECK(machine.governor(1) == "performance");
    CHECK(machine.interrupt(24) == efficiency);
    CHECK(find(items, "power governor").outcome == Outcome::granted);
    CHECK(find(items, "interrupts").outcome == Outcome::granted);
  }
  CHECK(machine.governor(0) == "powersave");
  CHECK(machine.governor(1) == "powersave");
  CHECK(machine.interrupt(24) == "0-1");
  CHECK(machine.interrupt(25).starts_with("1"));
}

TEST_CASE("a machine without clock control or a second kind of core says absent") {
  const test::ScratchFolder empty;
  Topology topology = hybrid_here();
  for (Core& core : topology.cores) core.kind = CoreKind::uniform;
  std::vector<BootItem> items;
  CpuTuning::apply({.scope = Tuning::machine_wide,
                    .niceness = 0,
                    .roots = {.sys = empty.path("sys"), .proc = empty.path("proc")}},
                   topology, items);
  CHECK(find(items, "power governor").outcome == Outcome::absent);
  CHECK(find(items, "interrupts").outcome == Outcome::absent);
}

TEST_CASE("cores that cannot be pinned to are denied with what the kernel said") {
  const test::ScratchFolder empty;
  Topology topology;
  topology.cores.push_back({.index = 0, .pus = {8'000}});
  std::vector<BootItem> items;
  CpuTuning::apply({.niceness = 0, .roots = {.sys = empty.path(), .proc = empty.path()}}, topology,
                   items);
  CHECK(find(items, "pinning").outcome == Outcome::denied);
  CHECK(find(items, "pinning").detail.find("0 of 1") != std::string::npos);
}

TEST_CASE("a priority that is granted is put back, one that is refused says how to get it") {
  const int before = current_niceness();
  {
    // Being nicer is always granted; coming back from it may not be, so it starts from where a
    // refusal is visible.
    const auto priority = ChangedPriority::change(before - 1);
    if (priority) {
      CHECK(current_niceness() == before - 1);
    } else {
      CHECK(priority.error().is(HalError::denied));
      CHECK(priority.error().message().find("LimitNICE") != std::string::npos);
    }
  }
  CHECK(current_niceness() == before);
}

TEST_CASE("a setting that is absent or has its value already is not written") {
  const FakeMachine machine;
  const std::string path = machine.folder().path("proc/irq/24/smp_affinity_list");
  CHECK(ChangedSetting::change(machine.folder().path("none"), "1").error().is(HalError::absent));
  REQUIRE(ChangedSetting::change(path, "0-1").ok());
  CHECK(machine.interrupt(24) == "0-1\n");
}

TEST_CASE("lists of CPUs are written as the kernel writes them") {
  CHECK(cpu_list_text({}) == "");
  CHECK(cpu_list_text({5}) == "5");
  CHECK(cpu_list_text({3, 0, 1, 2, 8, 10, 11}) == "0-3,8,10-11");
}

}  // namespace blue::hal
