#include "memory/tiers/inline_tiers.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <memory>

#include "hal/cpu_device.h"
#include "memory/tiers/unified_address_space.h"
#include "tests/support/memory/blocks.h"
#include "tests/support/memory/fake_device.h"
#include "tests/support/memory/fake_reader.h"

using namespace blue;
using namespace blue::memory;

namespace {

constexpr std::uint32_t kBlocks = 6;
constexpr Bytes kBlockSize = 1_KiB;

struct ActorRuntime {
  ActorRuntime(hal::Device& device, TierBudgets budgets) {
    std::vector<Block> blocks;
    std::uint64_t offset = 0;
    for (std::uint32_t i = 0; i < kBlocks; ++i) {
      blocks.push_back(test::make_block("m/" + std::to_string(i), offset, {500, 400}));
      offset = test::file_end(blocks.back());
    }
    reader.content["m"] = test::random_bytes(offset, 3);
    for (const Block& block : blocks)
      expected.push_back(test::expected_bytes(block, reader.content["m"]));
    ids = catalog.add_model("m", {"m"}, std::move(blocks))->blocks;
    tiers = InlineTiers::open(device, reader, catalog, residency, budgets).value();
  }

  Lease take(std::uint32_t i) {
    auto lease = tiers->lease(ids[i], StopToken());
    REQUIRE(lease.ok());
    REQUIRE(lease->block() == ids[i]);
    REQUIRE(std::memcmp(lease->address(), expected[i].data(), expected[i].size()) == 0);
    return std::move(*lease);
  }
  void run_steps(int n) {
    for (int step = 0; step < n; ++step) {
      for (std::uint32_t i = 0; i < kBlocks; ++i) {
        tiers->set_place(i);
        static_cast<void>(take(i));
      }
    }
  }

  test::FakeReader reader{4};
  BlockCatalog catalog{kBlocks};
  Residency residency{kBlocks};
  std::vector<BlockId> ids;
  std::vector<std::vector<std::byte>> expected;
  std::unique_ptr<InlineTiers> tiers;
};

}  // namespace

TEST_CASE("every lease shows its block's bytes however small the tiers are",
          "[memory][inline_tiers]") {
  for (const Bytes ram : {0_B, 1_KiB, 2_KiB, 6_KiB}) {
    for (const Bytes vram : {1_KiB, 3_KiB, 6_KiB}) {
      test::FakeDevice device;
      ActorRuntime tiers(device, {.vram = vram, .ram = ram});
      tiers.run_steps(4);
      if (vram == 6_KiB) CHECK(tiers.tiers->counts().n_misses == kBlocks);
      if (ram == 6_KiB) CHECK(tiers.tiers->counts().bytes_read == kBlockSize * kBlocks);
    }
  }
}

TEST_CASE("on a CPU device nothing is held twice", "[memory][inline_tiers]") {
  auto device = hal::open_cpu_device();
  REQUIRE(device.ok());
  ActorRuntime tiers(**device, {.vram = 3_KiB, .ram = 6_KiB});
  tiers.run_steps(2);
  const auto view = UnifiedAddressSpace(tiers.catalog, tiers.residency).view();
  CHECK(view[0].resident == 3_KiB);
  CHECK(view[1].resident == 0_B);
  CHECK(view[2].resident == 6_KiB);
}

TEST_CASE("a known order of a step brings blocks before they are asked for, and reloads few",
          "[memory][inline_tiers]") {
  const auto device = hal::open_cpu_device().value();
  ActorRuntime blind(*device, {.vram = 4_KiB, .ram = 0_B});
  blind.run_steps(10);
  CHECK(blind.tiers->counts().n_hits == 0);  // least recently used, round and round: the worst case
  CHECK(blind.tiers->counts().reload_rate > 0.8);

  ActorRuntime seeing(*device, {.vram = 4_KiB, .ram = 0_B});
  seeing.tiers->follow(seeing.ids, seeing.ids);
  seeing.run_steps(10);
  const TierCounts counts = seeing.tiers->counts();
  CHECK(counts.bytes_read <= kBlockSize * (kBlocks + 10 * 4));
  CHECK(counts.n_planned > 2 * counts.n_misses);
}

TEST_CASE("what is leased stays, and a full tier 0 is read around in tier 1",
          "[memory][inline_tiers]") {
  test::FakeDevice device;
  ActorRuntime tiers(device, {.vram = 2_KiB, .ram = 4_KiB});
  const Lease first = tiers.take(0);
  const Lease second = tiers.take(1);
  const Lease third = tiers.take(2);
  CHECK(first.tier() == Tier::vram);
  CHECK(third.tier() == Tier::ram);
  CHECK(tiers.tiers->counts().n_in_place == 1);
}

TEST_CASE("a tier full of leases refuses, and works again when one dies",
          "[memory][inline_tiers]") {
  test::FakeDevice device;
  ActorRuntime tiers(device, {.vram = 2_KiB, .ram = 0_B});
  Lease first = tiers.take(0);
  const Lease second = tiers.take(1);
  const auto refused = tiers.tiers->lease(tiers.ids[2], StopToken());
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().is(MemoryError::tier_full));
  first.release();
  static_cast<void>(tiers.take(2));
}

TEST_CASE("a raised stop flag ends a miss, not a hit", "[memory][inline_tiers]") {
  test::FakeDevice device;
  ActorRuntime tiers(device, {.vram = 2_KiB, .ram = 0_B});
  static_cast<void>(tiers.take(0));
  StopFlag flag;
  const StopToken token(flag);
  flag.raise();
  CHECK(tiers.tiers->lease(tiers.ids[0], token).ok());
  const auto stopped = tiers.tiers->lease(tiers.ids[1], token);
  REQUIRE_FALSE(stopped.ok());
  CHECK(stopped.error().is(MemoryError::stopped));
}

TEST_CASE("after a failed read the room is free again", "[memory][inline_tiers]") {
  test::FakeDevice device;
  ActorRuntime tiers(device, {.vram = 1_KiB, .ram = 0_B});
  tiers.reader.failing_read = 1;
  const auto failed = tiers.tiers->lease(tiers.ids[0], StopToken());
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().is(MemoryError::read_failed));
  static_cast<void>(tiers.take(0));
}

TEST_CASE("a model's blocks are forgotten unless one is leased", "[memory][inline_tiers]") {
  test::FakeDevice device;
  ActorRuntime tiers(device, {.vram = 6_KiB, .ram = 6_KiB});
  tiers.run_steps(1);
  Lease held = tiers.take(3);
  CHECK_FALSE(tiers.tiers->forget(tiers.ids));
  held.release();
  CHECK(tiers.tiers->forget(tiers.ids));
  for (const BlockId id : tiers.ids) {
    CHECK(tiers.residency.state(id, Tier::vram) == BlockState::absent);
    CHECK(tiers.residency.state(id, Tier::ram) == BlockState::absent);
  }
}

TEST_CASE("when the tiers die no address is left behind", "[memory][inline_tiers]") {
  test::FakeDevice device;
  ActorRuntime tiers(device, {.vram = 6_KiB, .ram = 6_KiB});
  tiers.run_steps(1);
  tiers.tiers.reset();
  for (const BlockId id : tiers.ids) CHECK_FALSE(tiers.residency.try_lease(id, Tier::vram));
}

TEST_CASE("a byte is found in the nearest tier and in its file", "[memory][address_space]") {
  test::FakeDevice device;
  ActorRuntime tiers(device, {.vram = 6_KiB, .ram = 0_B});
  const UnifiedAddressSpace space(tiers.catalog, tiers.residency);
  const auto before = space.locate(tiers.ids[1], 512 + 7);
  REQUIRE(before);
  CHECK(before->tier == Tier::nvme);
  CHECK(before->file_offset == tiers.catalog.at(tiers.ids[1]).extents[1].file_offset + 7);
  const Lease lease = tiers.take(1);
  CHECK(space.locate(tiers.ids[1], 0)->tier == Tier::vram);
  CHECK(space.view()[0].n_pinned == 1);
  CHECK_FALSE(space.locate(tiers.ids[1], 505));  // padding
  CHECK_FALSE(space.locate(tiers.ids[1], 1024));
}
