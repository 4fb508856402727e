#include "hal/cpu_device.h"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstring>

namespace blue::hal {
namespace {

std::unique_ptr<Device> open() {
  auto device = open_cpu_device();
  REQUIRE(device.ok());
  return std::move(device).value();
}

}  // namespace

TEST_CASE("the CPU device names itself and its memory") {
  const auto device = open();
  CHECK(device->info().name == "cpu");
  CHECK(device->info().kind == DeviceKind::cpu);
  CHECK(device->info().pci_address.empty());
  CHECK(device->info().memory_total.count > 0);
  CHECK(device->info().memory_free <= device->info().memory_total);
  CHECK(device->graph_capture() == nullptr);
}

TEST_CASE("an arena is aligned to 256 bytes and holds what was asked for, large or small") {
  const auto device = open();
  for (const Bytes size : {1_B, 256_B, 1000_B, 2_MiB, 5_MiB}) {
    const auto arena = device->allocate(size);
    REQUIRE(arena.ok());
    CHECK((*arena)->size() >= size);
    CHECK(reinterpret_cast<std::uintptr_t>((*arena)->base()) % 256 == 0);
    std::memset((*arena)->base(), 0x5a, size.count);
  }
}

TEST_CASE("an arena beyond the machine's memory is refused at once") {
  const auto device = open();
  const auto arena = device->allocate(device->info().memory_total + 1_B);
  REQUIRE(!arena.ok());
  CHECK(arena.error().is(HalError::out_of_memory));
  CHECK(device->allocate({~0ULL}).error().is(HalError::out_of_memory));
}

TEST_CASE("copies have happened when they return, and events are done when recorded") {
  const auto device = open();
  const auto arena = device->allocate(1_KiB);
  const auto stream = device->open_stream();
  const auto event = device->open_event();
  REQUIRE(arena.ok());
  REQUIRE(stream.ok());
  REQUIRE(event.ok());
  CHECK(*(*event)->is_done());
  std::array<std::byte, 100> out{};
  std::array<std::byte, 100> in{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i + 1);
  std::byte* base = (*arena)->base();
  REQUIRE(device->copy_to_device(base, out.data(), 100_B, **stream).ok());
  REQUIRE((*stream)->record(**event).ok());
  CHECK(*(*event)->is_done());
  CHECK((*event)->wait().ok());
  REQUIRE((*stream)->wait_for(**event).ok());
  REQUIRE(device->copy_within(base + 512, base, 100_B, **stream).ok());
  REQUIRE(device->copy_to_host(in.data(), base + 512, 100_B, **stream).ok());
  REQUIRE((*stream)->synchronize().ok());
  CHECK(in == out);
  CHECK(device->copy_to_host(nullptr, nullptr, 0_B, **stream).ok());
}

TEST_CASE("registered host memory is read at its own address") {
  const auto device = open();
  std::array<std::byte, 64> range{};
  const auto registration = device->register_host(range);
  REQUIRE(registration.ok());
  CHECK((*registration)->device_address() == range.data());
}

}  // namespace blue::hal
