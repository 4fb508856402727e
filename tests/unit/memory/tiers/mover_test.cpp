#include "memory/tiers/mover.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <memory>

#include "hal/cpu_device.h"
#include "tests/support/memory/blocks.h"
#include "tests/support/memory/fake_device.h"
#include "tests/support/memory/fake_reader.h"

using namespace blue;
using namespace blue::memory;

namespace {

/// One block of several windows with odd extents, over a device whose copies happen when they are
/// waited for.
struct Bench {
  explicit Bench(hal::Device& on, std::size_t queue_depth = 3) : device(on), reader(queue_depth) {
    const Block block = test::make_block("m/layer.0", 5, {3000, 1, 4096, 777, 9000});
    reader.content["m.gguf"] = test::random_bytes(test::file_end(block), 1);
    expected = test::expected_bytes(block, reader.content["m.gguf"]);
    id = catalog.add_model("m", {"m.gguf"}, {block})->blocks[0];
    auto arena_or = device.allocate(Bytes{expected.size()});
    arena = std::move(arena_or).value();
    host.assign(expected.size(), std::byte{0xee});
    open();
  }
  void open() {
    mover = Mover::open(device, reader, catalog, residency, {.window = 2048_B}).value();
  }

  Result<MoveReport> move(MoveRoute route) {
    const bool is_to_host = route == MoveRoute::file_to_host;
    std::byte* into = is_to_host ? host.data() : arena->base();
    const Tier tier = is_to_host ? Tier::ram : Tier::vram;
    REQUIRE(residency.begin_load(id, tier));
    return mover->move({.block = id,
                        .route = route,
                        .from = host.data(),
                        .into = into,
                        .tier = tier,
                        .address = into});
  }
  void evict(Tier tier) {
    REQUIRE(residency.begin_evict(id, tier));
    residency.finish_evict(id, tier);
  }
  /// A lease's bytes are the file's.
  void check_lease(Tier tier) {
    const auto lease = residency.try_lease(id, tier);
    REQUIRE(lease);
    CHECK(std::memcmp(lease->address(), expected.data(), expected.size()) == 0);
  }

  hal::Device& device;
  test::FakeReader reader;
  BlockCatalog catalog{4};
  Residency residency{4};
  BlockId id;
  std::vector<std::byte> expected;
  std::vector<std::byte> host;
  std::unique_ptr<hal::Arena> arena;
  std::unique_ptr<Mover> mover;
};

}  // namespace

TEST_CASE("a block read to the host has its bytes, zeros between them, and a checksum",
          "[memory][mover]") {
  test::FakeDevice device;
  Bench bench(device);
  const auto report = bench.move(MoveRoute::file_to_host);
  REQUIRE(report.ok());
  CHECK(report->bytes == Bytes{bench.expected.size()});
  CHECK(report->total_ns >= report->read_ns);
  bench.check_lease(Tier::ram);
  CHECK(bench.catalog.checksum(bench.id, 0).has_value());
  CHECK(bench.reader.most_in_flight == 3);  // several reads under way, as many as the queue takes
}

TEST_CASE("a block read to the device goes through staging and is published whole",
          "[memory][mover]") {
  test::FakeDevice device;
  for (const auto locking :
       {test::FakeDevice::Locking::granted, test::FakeDevice::Locking::denied}) {
    device.locking = locking;
    Bench bench(device);
    REQUIRE(bench.move(MoveRoute::file_to_device).ok());
    bench.check_lease(Tier::vram);
    CHECK(bench.mover->staging_refusal().empty() ==
          (locking == test::FakeDevice::Locking::granted));
  }
}

TEST_CASE("a block copied from the host arrives whole, locked or not", "[memory][mover]") {
  test::FakeDevice device;
  for (const MoveRoute route : {MoveRoute::locked_to_device, MoveRoute::pageable_to_device}) {
    Bench bench(device);
    REQUIRE(bench.move(MoveRoute::file_to_host).ok());
    REQUIRE(bench.move(route).ok());
    bench.check_lease(Tier::vram);
  }
}

TEST_CASE("on a CPU device a file goes straight into the arena", "[memory][mover]") {
  auto device = hal::open_cpu_device();
  REQUIRE(device.ok());
  Bench bench(**device);
  REQUIRE(bench.move(MoveRoute::file_to_device).ok());
  bench.check_lease(Tier::vram);
}

TEST_CASE("a block whose bytes changed since the first read is refused and not published",
          "[memory][mover]") {
  test::FakeDevice device;
  Bench bench(device);
  REQUIRE(bench.move(MoveRoute::file_to_host).ok());
  bench.evict(Tier::ram);
  bench.reader.content["m.gguf"][3500] ^= std::byte{1};
  for (const MoveRoute route : {MoveRoute::file_to_host, MoveRoute::file_to_device}) {
    const auto report = bench.move(route);
    REQUIRE_FALSE(report.ok());
    CHECK(report.error().is(MemoryError::block_corrupt));
    CHECK(report.error().message().find("m.gguf") != std::string::npos);
  }
  CHECK(bench.residency.state(bench.id, Tier::ram) == BlockState::absent);
  CHECK(bench.residency.state(bench.id, Tier::vram) == BlockState::absent);
  bench.reader.content["m.gguf"][3500] ^= std::byte{1};
  REQUIRE(bench.move(MoveRoute::file_to_device).ok());
  bench.check_lease(Tier::vram);
}

TEST_CASE("whichever read fails, the block stays absent and nothing is left in flight",
          "[memory][mover]") {
  test::FakeDevice device;
  std::uint64_t n_failures = 0;
  for (const MoveRoute route : {MoveRoute::file_to_host, MoveRoute::file_to_device}) {
    Bench whole(device);
    REQUIRE(whole.move(route).ok());
    for (std::uint64_t n = 0; n < whole.reader.n_reads; ++n) {
      Bench bench(device);
      bench.reader.failing_read = n;
      const auto report = bench.move(route);
      REQUIRE_FALSE(report.ok());
      REQUIRE(report.error().is(MemoryError::read_failed));
      REQUIRE(bench.reader.n_in_flight() == 0);
      REQUIRE_FALSE(bench.residency.try_lease(
          bench.id, route == MoveRoute::file_to_host ? Tier::ram : Tier::vram));
      REQUIRE(bench.move(route).ok());  // the next try, with the same mover, works
      n_failures += 1;
    }
  }
  CHECK(n_failures > 10);
}

TEST_CASE("whichever copy fails, the block stays absent", "[memory][mover]") {
  test::FakeDevice counting;
  Bench whole(counting);
  REQUIRE(whole.move(MoveRoute::file_to_device).ok());
  REQUIRE(counting.n_copies > 2);
  for (std::uint64_t n = 0; n < counting.n_copies; ++n) {
    test::FakeDevice device;
    Bench bench(device);
    device.failing_copy = n;
    const auto report = bench.move(MoveRoute::file_to_device);
    REQUIRE_FALSE(report.ok());
    REQUIRE(report.error().is(hal::HalError::device_failed));
    REQUIRE(bench.residency.state(bench.id, Tier::vram) == BlockState::absent);
    REQUIRE(bench.reader.n_in_flight() == 0);
  }
}

TEST_CASE("a file that is gone or too short is a failed read that names it", "[memory][mover]") {
  test::FakeDevice device;
  Bench bench(device);
  bench.reader.content["m.gguf"].resize(100);
  const auto truncated = bench.move(MoveRoute::file_to_host);
  REQUIRE_FALSE(truncated.ok());
  CHECK(truncated.error().is(MemoryError::read_failed));
  bench.reader.content.clear();
  bench.open();
  const auto gone = bench.move(MoveRoute::file_to_host);
  REQUIRE_FALSE(gone.ok());
  CHECK(gone.error().is(MemoryError::read_failed));
  CHECK(gone.error().message().find("m.gguf") != std::string::npos);
}
