// Many moves at once: random schedules of submit, cancel and poll over a device whose copies happen
// when they are waited for and a reader that delays, reorders, fails and spoils reads; always
// against the bytes, and against memory that nothing may touch once its move has ended.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <memory>
#include <random>

#include "hal/cpu_device.h"
#include "memory/checksum.h"
#include "memory/tiers/mover.h"
#include "tests/support/memory/blocks.h"
#include "tests/support/memory/fake_device.h"
#include "tests/support/memory/fake_reader.h"

using namespace blue;
using namespace blue::memory;

namespace {

constexpr std::byte kUntouched{0xdd};

/// Several blocks of different shapes; each has a place of its own in both tiers.
struct MoverSchedule {
  MoverSchedule(hal::Device& on, std::uint32_t seed, Mover::Options options)
      : random(seed), reader(1 + seed % 5) {
    const std::vector<std::vector<std::uint64_t>> shapes = {
        {3000, 1, 4096}, {20000}, {256, 512, 7000}, {1}, {9000, 9000}, {4096, 4096, 4096}};
    std::vector<Block> blocks;
    std::uint64_t offset = seed % 5000;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      blocks.push_back(test::make_block("m/" + std::to_string(i), offset, shapes[i]));
      offset = test::file_end(blocks.back()) + seed % 3;
    }
    reader.content["m"] = test::random_bytes(offset, seed);
    for (const Block& block : blocks) {
      expected.push_back(test::expected_bytes(block, reader.content["m"]));
      for (auto& tier : memory) tier.emplace_back(block.size.count, kUntouched);
    }
    ids = catalog.add_model("m", {"m"}, std::move(blocks))->blocks;
    mover = Mover::open(on, reader, catalog, residency, options).value();
  }

  [[nodiscard]] std::size_t index_of(BlockId id) const {
    return static_cast<std::size_t>(std::ranges::find(ids, id) - ids.begin());
  }
  std::vector<std::byte>& place(std::size_t i, Tier tier) {
    return memory[static_cast<std::size_t>(tier)][i];
  }

  bool submit(std::size_t i, MoveRoute route, bool is_urgent = false) {
    const Tier tier = route == MoveRoute::file_to_host ? Tier::ram : Tier::vram;
    if (!residency.begin_load(ids[i], tier)) return false;
    std::vector<std::byte>& into = place(i, tier);
    const bool is_taken = mover->submit({.block = ids[i],
                                         .route = route,
                                         .from = expected[i].data(),
                                         .into = into.data(),
                                         .tier = tier,
                                         .address = into.data(),
                                         .is_urgent = is_urgent});
    if (!is_taken) residency.abandon(ids[i], tier);
    return is_taken;
  }

  /// Checks how moves ended, and makes the blocks absent again and their memory untouched.
  void poll(Mover::Poll how) {
    std::vector<MoveEnd> ended;
    mover->poll(ended, how);
    for (const MoveEnd& end : ended) {
      const std::size_t i = index_of(end.block);
      n_ended += 1;
      if (end.outcome.ok()) {
        n_done += 1;
        const auto lease = residency.try_lease(end.block, end.tier);
        REQUIRE(lease.has_value());
        REQUIRE(std::memcmp(lease->address(), expected[i].data(), expected[i].size()) == 0);
      } else {
        errors.push_back(end.outcome.error());
        REQUIRE(residency.state(end.block, end.tier) == BlockState::absent);
      }
      if (end.outcome.ok() && residency.begin_evict(end.block, end.tier))
        residency.finish_evict(end.block, end.tier);
      std::ranges::fill(place(i, end.tier), kUntouched);
    }
  }

  /// Nothing is written to the memory of blocks that nobody loads.
  void check_untouched() {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      for (const Tier tier : {Tier::vram, Tier::ram}) {
        if (residency.state(ids[i], tier) != BlockState::absent) continue;
        REQUIRE(std::ranges::all_of(place(i, tier), [](std::byte b) { return b == kUntouched; }));
      }
    }
  }

  /// What a model's index would say.
  void know_checksums() {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::uint32_t piece = 0;
      for (const BlockExtent& extent : catalog.at(ids[i]).extents) {
        const auto bytes = ConstByteSpan(expected[i]).subspan(extent.block_offset, extent.size);
        catalog.remember_checksum(ids[i], piece++, crc32c(bytes));
      }
    }
  }

  std::mt19937 random;
  test::FakeReader reader;
  BlockCatalog catalog{8};
  Residency residency{8};
  std::vector<BlockId> ids;
  std::vector<std::vector<std::byte>> expected;
  std::array<std::vector<std::vector<std::byte>>, 2> memory;
  std::unique_ptr<Mover> mover;
  std::size_t n_ended = 0;
  std::size_t n_done = 0;
  std::vector<Error> errors;
};

constexpr std::array kRoutes = {MoveRoute::file_to_host, MoveRoute::file_to_device,
                                MoveRoute::locked_to_device, MoveRoute::pageable_to_device};

void run_schedule(hal::Device& device, std::uint32_t seed, bool has_faults) {
  MoverSchedule run(device, seed,
                    {.max_in_flight = 1 + seed % 6,
                     .window = Bytes{1024U << (seed % 4)},
                     .read = Bytes{700 + seed % 3000},
                     .most_reads = 1 + seed % 7,
                     .n_slots = 4 + seed % 3});
  run.know_checksums();
  run.reader.idle_polls_of_8 = seed % 7;
  if (has_faults) {
    run.reader.fault = [&](std::uint64_t) {
      const auto dice = run.random() % 60;
      return dice < 4 ? static_cast<test::ReadFault>(dice) : test::ReadFault::none;
    };
  }
  std::size_t n_submitted = 0;
  std::size_t n_cancelled = 0;
  for (int step = 0; step < 120; ++step) {
    const std::size_t i = run.random() % run.ids.size();
    switch (run.random() % 6) {
      case 0:
      case 1:
      case 2:
        n_submitted += run.submit(i, kRoutes[run.random() % 4], run.random() % 3 == 0) ? 1U : 0U;
        break;
      case 3:
        n_cancelled +=
            run.mover->cancel(run.ids[i], run.random() % 2 == 0 ? Tier::vram : Tier::ram) ? 1U : 0U;
        break;
      case 4: run.poll(Mover::Poll::wait); break;
      default: run.poll(Mover::Poll::now); break;
    }
    run.check_untouched();
  }
  for (int patience = 0; run.mover->n_in_flight() > 0; ++patience) {
    REQUIRE(patience < 10'000);
    run.poll(Mover::Poll::wait);
  }
  run.check_untouched();
  REQUIRE(run.n_ended == n_submitted);
  for (const Error& error : run.errors) {
    const bool is_known =
        error.is(MemoryError::stopped) || (has_faults && (error.is(MemoryError::read_failed) ||
                                                          error.is(MemoryError::block_corrupt)));
    INFO(error.message());
    REQUIRE(is_known);
  }
  if (!has_faults) REQUIRE(run.errors.size() <= n_cancelled);
}

}  // namespace

TEST_CASE("moves in any interleaving bring their bytes and end once", "[memory][mover]") {
  test::FakeDevice device;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    run_schedule(device, seed, false);
  }
}

TEST_CASE("moves whose reads fail, end early or bring wrong bytes end once, and never wrong",
          "[memory][mover]") {
  test::FakeDevice device;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    run_schedule(device, seed, true);
  }
}

TEST_CASE("on a CPU device moves in any interleaving bring their bytes", "[memory][mover]") {
  const auto device = hal::open_cpu_device();
  REQUIRE(device.ok());
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    run_schedule(**device, seed, seed % 2 == 0);
  }
}

TEST_CASE("whichever copy of several moves fails, one move fails and the others arrive",
          "[memory][mover]") {
  const Mover::Options options{.window = 2048_B, .n_slots = 4};
  std::uint64_t n_copies = 0;
  for (std::uint64_t failing = 0; failing == 0 || failing < n_copies; ++failing) {
    test::FakeDevice device;
    MoverSchedule run(device, 1, options);
    if (failing > 0) device.failing_copy = failing - 1;
    for (const std::size_t i : {0U, 1U, 4U}) REQUIRE(run.submit(i, MoveRoute::file_to_device));
    while (run.mover->n_in_flight() > 0) run.poll(Mover::Poll::wait);
    run.check_untouched();
    CHECK(run.n_done == (failing == 0 ? 3U : 2U));
    if (failing == 0) n_copies = device.n_copies;
    for (const Error& error : run.errors) CHECK(error.is(hal::HalError::device_failed));
    // The slot of the copy that failed serves again.
    for (const std::size_t i : {0U, 1U, 4U}) REQUIRE(run.submit(i, MoveRoute::file_to_device));
    while (run.mover->n_in_flight() > 0) run.poll(Mover::Poll::wait);
    CHECK(run.n_done == (failing == 0 ? 6U : 5U));
  }
  CHECK(n_copies > 8);
}

TEST_CASE("an urgent move is read before what others have queued", "[memory][mover]") {
  test::FakeDevice device;
  MoverSchedule run(device, 2, {.window = 1024_B, .read = 512_B, .most_reads = 1});
  REQUIRE(run.submit(1, MoveRoute::file_to_host));
  REQUIRE(run.submit(4, MoveRoute::file_to_host));
  REQUIRE(run.submit(3, MoveRoute::file_to_host, true));
  while (run.n_ended == 0) run.poll(Mover::Poll::wait);
  CHECK(run.residency.state(run.ids[1], Tier::ram) == BlockState::loading);
  CHECK(run.residency.state(run.ids[4], Tier::ram) == BlockState::loading);
  CHECK(run.residency.state(run.ids[3], Tier::ram) == BlockState::absent);  // ended, taken away
  CHECK(run.n_done == 1);
}

TEST_CASE("a full mover refuses a move and takes it when another has ended", "[memory][mover]") {
  test::FakeDevice device;
  MoverSchedule run(device, 3, {.max_in_flight = 2});
  REQUIRE(run.submit(0, MoveRoute::file_to_host));
  REQUIRE(run.submit(1, MoveRoute::file_to_host));
  CHECK_FALSE(run.submit(2, MoveRoute::file_to_host));
  while (run.n_ended == 0) run.poll(Mover::Poll::wait);
  CHECK(run.submit(2, MoveRoute::file_to_host));
  CHECK(run.mover->n_in_flight() == 2);
}

TEST_CASE("a cancelled move holds its memory until nothing is in flight into it",
          "[memory][mover]") {
  test::FakeDevice device;
  MoverSchedule run(device, 4, {.window = 1024_B});
  run.reader.idle_polls_of_8 = 8;
  REQUIRE(run.submit(1, MoveRoute::file_to_device));
  REQUIRE(run.reader.n_in_flight() > 0);
  CHECK_FALSE(run.mover->cancel(run.ids[1], Tier::ram));
  CHECK(run.mover->cancel(run.ids[1], Tier::vram));
  run.poll(Mover::Poll::now);
  CHECK(run.mover->n_in_flight() == 1);
  CHECK(run.residency.state(run.ids[1], Tier::vram) == BlockState::loading);
  while (run.mover->n_in_flight() > 0) run.poll(Mover::Poll::wait);
  CHECK(run.reader.n_in_flight() == 0);
  REQUIRE(run.errors.size() == 1);
  CHECK(run.errors[0].is(MemoryError::stopped));
}

TEST_CASE("a mover that dies with moves under way leaves no read behind", "[memory][mover]") {
  test::FakeDevice device;
  MoverSchedule run(device, 5, {});
  for (const std::size_t i : {0U, 1U, 2U}) REQUIRE(run.submit(i, kRoutes[i]));
  run.mover.reset();
  CHECK(run.reader.n_in_flight() == 0);
  for (const BlockId id : run.ids) CHECK(run.residency.state(id, Tier::vram) == BlockState::absent);
}

TEST_CASE("wrong bytes once are read again, wrong bytes always are reported with their place",
          "[memory][mover]") {
  test::FakeDevice device;
  for (const MoveRoute route : {MoveRoute::file_to_host, MoveRoute::file_to_device}) {
    for (const std::uint64_t n_wrong : {1U, 1000U}) {
      MoverSchedule run(device, 6, {.window = 1024_B});
      run.know_checksums();
      run.reader.fault = [n_wrong](std::uint64_t n) {
        return n < n_wrong ? test::ReadFault::flip : test::ReadFault::none;
      };
      REQUIRE(run.submit(4, route));
      while (run.mover->n_in_flight() > 0) run.poll(Mover::Poll::wait);
      CHECK(run.n_done == (n_wrong == 1 ? 1U : 0U));
      if (n_wrong == 1) continue;
      REQUIRE(run.errors.size() == 1);
      CHECK(run.errors[0].is(MemoryError::block_corrupt));
      const Block& block = run.catalog.at(run.ids[4]);
      const std::string text = run.errors[0].message();
      CHECK(text.find("m: block m/4") == 0);
      CHECK(text.find("offset " + std::to_string(block.extents[0].file_offset)) !=
            std::string::npos);
    }
  }
}

TEST_CASE("of a large extent the piece with the wrong byte is named", "[memory][mover]") {
  test::FakeDevice device;
  test::FakeReader reader(4);
  const Block block = test::make_block("m/large", 37, {9'000'000, 100});
  reader.content["m"] = test::random_bytes(test::file_end(block), 9);
  BlockCatalog catalog(1);
  Residency residency(1);
  const BlockId id = catalog.add_model("m", {"m"}, {block})->blocks[0];
  const auto mover = Mover::open(device, reader, catalog, residency, {.window = 1_MiB}).value();
  std::vector<std::byte> into(block.size.count);
  const auto move = [&] {
    REQUIRE(residency.begin_load(id, Tier::ram));
    return mover->move({.block = id,
                        .route = MoveRoute::file_to_host,
                        .into = into.data(),
                        .tier = Tier::ram,
                        .address = into.data()});
  };
  REQUIRE(move().ok());
  CHECK(into == test::expected_bytes(block, reader.content["m"]));
  REQUIRE(residency.begin_evict(id, Tier::ram));
  residency.finish_evict(id, Tier::ram);
  reader.content["m"][37 + kPieceBytes + 5] ^= std::byte{1};
  const auto wrong = move();
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().message().find("offset " + std::to_string(37 + kPieceBytes)) !=
        std::string::npos);
}
