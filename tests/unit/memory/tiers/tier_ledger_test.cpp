#include "memory/tiers/tier_ledger.h"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <vector>

#include "base/check.h"
#include "memory/tiers/residency.h"
#include "memory/tiers/tier_room.h"

using namespace blue;
using namespace blue::memory;

namespace {

struct Tier0 {
  explicit Tier0(Bytes size, std::uint32_t n_blocks)
      : bytes(size.count), ledger(Tier::vram, bytes.data(), size, n_blocks), residency(n_blocks) {}

  void fill(BlockId block, Bytes size) {
    const auto place = ledger.reserve(block, size);
    REQUIRE(place);
    REQUIRE(residency.begin_load(block, Tier::vram));
    residency.publish(block, Tier::vram, *place);
  }

  std::vector<std::byte> bytes;
  TierLedger ledger;
  Residency residency;
};

}  // namespace

TEST_CASE("a ledger says where a block lies until it is released", "[memory][ledger]") {
  Tier0 tier(1_KiB, 3);
  const auto first = tier.ledger.reserve(BlockId{0}, 300_B);
  const auto second = tier.ledger.reserve(BlockId{2}, 300_B);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(tier.ledger.address(BlockId{2}) == tier.bytes.data() + 512);
  CHECK_FALSE(tier.ledger.reserve(BlockId{1}, 1_B));
  tier.ledger.release(BlockId{0});
  CHECK(tier.ledger.find(BlockId{0}) == nullptr);
  CHECK(tier.ledger.address(BlockId{2}) == *second);
  CHECK(tier.ledger.reserve(BlockId{1}, 512_B) == *first);
  CHECK_THROWS_AS(tier.ledger.release(BlockId{0}), CheckFailure);
  CHECK_THROWS_AS(tier.ledger.reserve(BlockId{1}, 1_B), CheckFailure);
}

TEST_CASE("room is planned in one piece though free bytes lie apart", "[memory][ledger]") {
  Tier0 tier(1_KiB, 5);
  for (std::uint32_t i = 0; i < 4; ++i) tier.fill(BlockId{i}, 256_B);
  // 0 and 2 are the oldest, but only 0 with 1, or 2 with a neighbour, make one hole of 512.
  static_cast<void>(tier.residency.try_lease(BlockId{1}, Tier::vram));
  static_cast<void>(tier.residency.try_lease(BlockId{3}, Tier::vram));
  const auto plan =
      tier.ledger.plan_room(512_B, gather_candidates(tier.ledger, tier.residency, nullptr));
  REQUIRE(plan.is_possible);
  // 0, 2, 1 leave in the rehearsal; the hole is [0, 512), so 2 stays.
  CHECK(plan.victims == std::vector<BlockId>{BlockId{0}, BlockId{1}});
}

TEST_CASE("pinned blocks are never planned out, and a tier full of them says so",
          "[memory][ledger]") {
  Tier0 tier(512_B, 3);
  tier.fill(BlockId{0}, 256_B);
  tier.fill(BlockId{1}, 256_B);
  const auto lease = tier.residency.try_lease(BlockId{0}, Tier::vram);
  const auto left = make_room(tier.ledger, tier.residency, 256_B, nullptr);
  REQUIRE(left.ok());
  CHECK(*left == std::vector<BlockId>{BlockId{1}});
  const auto refused = make_room(tier.ledger, tier.residency, 512_B, nullptr);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().is(MemoryError::tier_full));
  CHECK(tier.residency.state(BlockId{0}, Tier::vram) == BlockState::resident);
}

TEST_CASE("a block under way is no victim", "[memory][ledger]") {
  Tier0 tier(256_B, 2);
  REQUIRE(tier.ledger.reserve(BlockId{0}, 256_B));
  REQUIRE(tier.residency.begin_load(BlockId{0}, Tier::vram));
  CHECK_FALSE(make_room(tier.ledger, tier.residency, 1_B, nullptr).ok());
}

TEST_CASE("after make_room a reservation of that size fits", "[memory][ledger][property]") {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    constexpr std::uint32_t kBlocks = 24;
    Tier0 tier(32_KiB, kBlocks);
    std::vector<Lease> leases;
    for (int i = 0; i < 200; ++i) {
      const BlockId block{static_cast<std::uint32_t>(random() % kBlocks)};
      if (tier.ledger.find(block) != nullptr) {
        auto lease = tier.residency.try_lease(block, Tier::vram);
        REQUIRE(lease);
        REQUIRE(lease->address() == tier.ledger.address(block));
        leases.push_back(std::move(*lease));
        if (leases.size() > 3) leases.erase(leases.begin());
        continue;
      }
      const Bytes size{1 + random() % 12000};
      if (!make_room(tier.ledger, tier.residency, size, nullptr)) continue;
      tier.fill(block, size);
    }
  }
}
