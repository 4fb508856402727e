#include "memory/tiers/tier_ledger.h"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <vector>

#include "base/check.h"
#include "memory/tiers/residency.h"

using namespace blue;
using namespace blue::memory;

namespace {

struct Tier0 {
  explicit Tier0(Bytes size, std::uint32_t n_blocks)
      : bytes(size.count), ledger(Tier::vram, bytes.data(), size, n_blocks), residency(n_blocks) {}

  /// All held blocks, none pinned, the oldest lease worth least.
  [[nodiscard]] std::vector<EvictionCandidate> candidates() const {
    std::vector<EvictionCandidate> all;
    for (const TierLedger::Held& held : ledger.held())
      all.push_back({.block = held.block,
                     .size = held.size,
                     .worth = residency.worth(held.block, EvictionPolicy::lru)});
    return all;
  }
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
  const auto plan = tier.ledger.plan_room(512_B, tier.candidates());
  REQUIRE(plan.is_possible);
  // 0, 2, 1 leave in the rehearsal; the hole is [0, 512), so 2 stays.
  CHECK(plan.victims == std::vector<BlockId>{BlockId{0}, BlockId{1}});
}
