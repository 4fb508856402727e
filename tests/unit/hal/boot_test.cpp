#include "hal/boot.h"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "hal/cpu_device.h"
#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

int current_niceness() { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }

const BootItem& find(const BootedMachine& machine, BootStep step, std::string_view name) {
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
  request.page_locked = 64_KiB;
  request.measure_budget_ns = 8'000'000;
  request.disk_path = folder.write_bytes("data", 1 << 20);
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
  REQUIRE(machine->measured().memory_copy.has_value());
  REQUIRE(machine->measured().memory_read.has_value());
  REQUIRE(machine->measured().compute.has_value());
  REQUIRE(machine->measured().disk.has_value());
  CHECK(machine->measured().disk->rate.gb_per_s() > 0);
  machine->report()
      .phase(BootStep::hand_over)
      .items.push_back({"actors", Outcome::granted, "11 started", ""});
  CHECK(find(*machine, BootStep::hand_over, "actors").detail == "11 started");
}

TEST_CASE("the copy buffer is handed over once and returns its budget") {
  NullLogSink log;
  BootRequest request;
  request.memory_budget = 1_MiB;
  request.page_locked = 64_KiB;
  request.measure_budget_ns = 0;
  auto machine = boot(request, log);
  REQUIRE(machine.ok());
  {
    const HostBuffer buffer = machine->take_copy_buffer();
    CHECK(buffer.size() == 64_KiB);
    const bool was_granted =
        find(*machine, BootStep::memory_reservation, "page-locked memory").outcome ==
        Outcome::granted;
    CHECK(buffer.is_locked() == was_granted);
    CHECK(machine->budget().used() == 64_KiB);
    CHECK(machine->take_copy_buffer().size() == 0_B);
  }
  CHECK(machine->budget().used() == 0_B);
}

TEST_CASE("a budget beyond what is available is cut, and said so") {
  NullLogSink log;
  BootRequest request;
  request.memory_budget = {~0ULL};
  request.measure_budget_ns = 0;
  const auto machine = boot(request, log);
  REQUIRE(machine.ok());
  const BootItem& item = find(*machine, BootStep::memory_reservation, "memory budget");
  CHECK(item.outcome == Outcome::denied);
  CHECK_FALSE(item.remedy.empty());
  CHECK(machine->memory().available.count > 0);
}

TEST_CASE("the priority that a boot raised is back when the machine dies, also after a move") {
  const int before = current_niceness();
  {
    NullLogSink log;
    BootRequest request;
    request.measure_budget_ns = 0;
    request.tuning.niceness = before - 2;
    auto machine = boot(request, log);
    REQUIRE(machine.ok());
    const BootedMachine moved = std::move(*machine);
    const bool was_granted =
        find(moved, BootStep::cpu_tuning, "priority").outcome == Outcome::granted;
    CHECK(current_niceness() == (was_granted ? before - 2 : before));
  }
  CHECK(current_niceness() == before);
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
  request.measure_budget_ns = 0;
  request.roots = {.sys = roots.path("sys"), .proc = roots.path("proc")};
  DeviceInfo driven;
  driven.name = "cuda:0";
  driven.description = "GPU";
  driven.pci_address = "0000:01:00.0";
  driven.kind = DeviceKind::cuda;
  request.devices.push_back(driven);
  request.device_notes.push_back({"cuda:1", Outcome::denied, "the driver is too old", "update it"});
  const auto machine = boot(request, log);
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
  request.measure_budget_ns = 4'000'000;
  request.disk_path = folder.path();
  {
    const auto machine = boot(request, log);
    REQUIRE(machine.ok());
    CHECK(find(*machine, BootStep::tiers, "disk read").outcome == Outcome::skipped);
  }
  request.scratch_size = 1_MiB;
  const auto machine = boot(request, log);
  REQUIRE(machine.ok());
  CHECK(find(*machine, BootStep::tiers, "disk read").outcome == Outcome::granted);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("the reader of a booted machine reads") {
  const test::ScratchFolder folder;
  NullLogSink log;
  BootRequest request;
  request.measure_budget_ns = 0;
  const auto machine = boot(request, log);
  REQUIRE(machine.ok());
  const auto reader = machine->open_reader();
  REQUIRE(reader.ok());
  CHECK((*reader)->name() ==
        (machine->reader_kind() == ReaderKind::io_uring ? "io_uring" : "pread"));
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
