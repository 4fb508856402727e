#include "hal/boot.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <ctime>
#include <filesystem>
#include <thread>

#include "hal/cpu_device.h"
#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

/// Of the calling thread alone: a busy machine does not count.
Nanoseconds thread_time_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return Nanoseconds{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int current_niceness() { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }

const BootItem& find(BootedMachine& machine, BootStep step, std::string_view name) {
  const BootItem* item = machine.report().phase(step).find(name);
  INFO("no item " << name);
  REQUIRE(item != nullptr);
  return *item;
}

}  // namespace

TEST_CASE("a boot fills five phases and leaves the sixth to the caller") {
  const test::ScratchFolder folder;
  NullLogSink log;
  BootRequest request;
  request.memory_budget = 64_MiB;
  request.survey = Survey{.measure_ns = 8'000'000,
                          .disk_path = folder.write_bytes("data", 1 << 20),
                          .scratch_size = {}};
  auto machine = boot(request, log);
  REQUIRE(machine.ok());
  for (const BootPhase& phase : machine->report().phases)
    CHECK(phase.items.empty() == (phase.step == BootStep::hand_over));
  for (const BootPhase& phase : machine->report().phases)
    for (const BootItem& item : phase.items) {
      CHECK_FALSE(item.name.empty());
      CHECK_FALSE(item.detail.empty());
      CHECK(item.detail.find('\n') == std::string::npos);
    }
  CHECK(machine->report().count(Outcome::granted) > 0);
  CHECK(machine->budget().limit() == 64_MiB);
  for (const char* rate : {"memory copy", "memory read", "compute", "disk read"}) {
    CHECK(find(*machine, BootStep::tiers, rate).outcome == Outcome::granted);
    CHECK(find(*machine, BootStep::tiers, rate).detail.find(" G") != std::string::npos);
  }
  machine->report()
      .phase(BootStep::hand_over)
      .items.push_back({"actors", Outcome::granted, "11 started", ""});
  CHECK(find(*machine, BootStep::hand_over, "actors").detail == "11 started");
}

TEST_CASE(
    "a boot without a survey costs under 30 ms of its thread, measures nothing and skips PCIe") {
  NullLogSink log;
  Nanoseconds fastest_ns = 1'000'000'000;
  for (int i = 0; i < 5; ++i) {
    const Nanoseconds began_ns = thread_time_ns();
    auto machine = boot({}, log);
    fastest_ns = std::min(fastest_ns, thread_time_ns() - began_ns);
    REQUIRE(machine.ok());
    CHECK(find(*machine, BootStep::tiers, "rates").outcome == Outcome::skipped);
    CHECK(find(*machine, BootStep::pcie_and_devices, "PCIe").outcome == Outcome::skipped);
  }
  CHECK(fastest_ns < 30'000'000);
}

TEST_CASE("what is reserved of a machine's budget stays reserved when the machine is moved") {
  NullLogSink log;
  BootRequest request;
  request.memory_budget = 1_MiB;
  auto machine = boot(request, log);
  REQUIRE(machine.ok());
  const auto share = Reservation::take(machine->budget(), 64_KiB, "test");
  REQUIRE(share.ok());
  BootedMachine moved = std::move(*machine);
  CHECK(moved.budget().limit() == 1_MiB);
  CHECK(moved.budget().used() == 64_KiB);
}

TEST_CASE("a budget beyond what is available is cut, and said so") {
  NullLogSink log;
  BootRequest request;
  request.memory_budget = {~0ULL};
  auto machine = boot(request, log);
  REQUIRE(machine.ok());
  const BootItem& item = find(*machine, BootStep::memory_reservation, "memory budget");
  CHECK(item.outcome == Outcome::denied);
  CHECK_FALSE(item.remedy.empty());
  CHECK(machine->budget().limit().count > 0);
}

TEST_CASE(
    "the caller's priority is back after end_caller_tuning, and threads keep the raised one") {
  std::thread([] {
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 0);
    NullLogSink log;
    BootRequest request;
    request.niceness = -2;
    auto machine = boot(request, log);
    REQUIRE(machine.ok());
    BootedMachine moved = std::move(*machine);
    const bool was_granted =
        find(moved, BootStep::cpu_tuning, "priority").outcome == Outcome::granted;
    CHECK(current_niceness() == (was_granted ? -2 : 0));
    moved.end_caller_tuning();
    CHECK(current_niceness() == 0);
  }).join();
}

TEST_CASE("devices of the caller, and GPUs that nobody drives, are told apart") {
  const test::ScratchFolder roots;
  roots.write("proc/meminfo", "MemTotal: 4000000 kB\nMemAvailable: 3000000 kB\n");
  for (const std::string address : {"0000:01:00.0", "0000:02:00.0"}) {
    const std::string folder = "sys/devices/pci0000:00/" + address;
    roots.write(folder + "/class", "0x030000\n");
    roots.write(folder + "/vendor", "0x10de\n");
    roots.write(folder + "/device", "0x2684\n");
    roots.link("sys/bus/pci/devices/" + address, roots.path(folder));
  }
  NullLogSink log;
  BootRequest request;
  request.memory_budget = 1_MiB;
  request.roots = {.sys = roots.path("sys"), .proc = roots.path("proc")};
  DeviceInfo driven;
  driven.name = "cuda:0";
  driven.description = "GPU";
  driven.pci_address = "0000:01:00.0";
  driven.kind = DeviceKind::cuda;
  request.survey = Survey{.measure_ns = 0, .disk_path = {}, .scratch_size = {}};
  request.devices.push_back(driven);
  request.device_notes.push_back({"cuda:1", Outcome::denied, "the driver is too old", "update it"});
  auto machine = boot(request, log);
  REQUIRE(machine.ok());
  CHECK(find(*machine, BootStep::pcie_and_devices, "device cuda:0").outcome == Outcome::granted);
  CHECK(find(*machine, BootStep::pcie_and_devices, "cuda:1").outcome == Outcome::denied);
  CHECK(find(*machine, BootStep::pcie_and_devices, "gpu 0000:01:00.0").outcome == Outcome::granted);
  CHECK(find(*machine, BootStep::pcie_and_devices, "gpu 0000:02:00.0").outcome == Outcome::absent);
  CHECK_FALSE(find(*machine, BootStep::pcie_and_devices, "gpu 0000:02:00.0").remedy.empty());
}

TEST_CASE("a folder is measured with a scratch file only when one is allowed") {
  const test::ScratchFolder folder;
  NullLogSink log;
  BootRequest request;
  request.memory_budget = 1_MiB;
  request.survey = Survey{.measure_ns = 4'000'000, .disk_path = folder.path(), .scratch_size = {}};
  {
    auto machine = boot(request, log);
    REQUIRE(machine.ok());
    CHECK(find(*machine, BootStep::tiers, "disk read").outcome == Outcome::skipped);
  }
  request.survey->scratch_size = 1_MiB;
  auto machine = boot(request, log);
  REQUIRE(machine.ok());
  CHECK(find(*machine, BootStep::tiers, "disk read").outcome == Outcome::granted);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("the reader of a booted machine reads") {
  const test::ScratchFolder folder;
  NullLogSink log;
  BootRequest request;
  auto machine = boot(request, log);
  REQUIRE(machine.ok());
  const auto reader = machine->open_reader();
  REQUIRE(reader.ok());
  const BootItem& item = find(*machine, BootStep::tiers, "file reader");
  CHECK((*reader)->name() == (item.outcome == Outcome::granted ? "io_uring" : "pread"));
  const auto file = (*reader)->open(folder.write("data", "blue"));
  REQUIRE(file.ok());
  std::array<std::byte, 4> into{};
  REQUIRE(read_fully(**reader, *file, 0, into).ok());
  CHECK(into[3] == std::byte{'e'});
}

TEST_CASE("an error becomes an item with its remedy behind the first semicolon") {
  const BootItem absent = item_of("io", Error(HalError::absent, "no io_uring; use Linux 5.6"));
  CHECK(absent.outcome == Outcome::absent);
  CHECK(absent.detail == "no io_uring");
  CHECK(absent.remedy == "use Linux 5.6");
  const BootItem denied = item_of("io", Error(HalError::io_failed, "broken"));
  CHECK(denied.outcome == Outcome::denied);
  CHECK(denied.detail == "broken");
  CHECK(denied.remedy.empty());
}

}  // namespace blue::hal
