#include "memory/tiers/eviction.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>

using namespace blue;
using namespace blue::memory;

namespace {

EvictionCandidate candidate(std::uint32_t id, double worth) {
  return {.block = BlockId{id}, .size = 10_B, .worth = worth};
}

}  // namespace

TEST_CASE("what is worth least leaves first, at equal worth the lower id", "[memory][eviction]") {
  const std::vector<EvictionCandidate> all = {candidate(0, 5), candidate(1, 2), candidate(2, 9),
                                              candidate(3, 2)};
  std::vector<std::uint32_t> order;
  for (const EvictionCandidate& c : eviction_order(all)) order.push_back(c.block.value);
  CHECK(order == std::vector<std::uint32_t>{1, 3, 0, 2});
}

TEST_CASE("what is used furthest ahead leaves before what is merely worth less",
          "[memory][eviction]") {
  std::vector<EvictionCandidate> all = {candidate(0, 1), candidate(1, 9), candidate(2, 5)};
  all[0].next_use = 1;
  all[1].next_use = 7;
  CHECK(eviction_order(all).front().block == BlockId{2});  // no known use at all
  CHECK(eviction_order(all).back().block == BlockId{0});
}

TEST_CASE("the order is total, and nothing pinned is in it", "[memory][eviction][property]") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<EvictionCandidate> all;
    std::size_t n_unpinned = 0;
    for (std::uint32_t i = 0; i < 1 + random() % 20; ++i) {
      EvictionCandidate c = candidate(i, random() % 4);
      c.next_use = random() % 3 == 0 ? kNoKnownUse : random() % 4;
      c.pins = random() % 3 == 0 ? 1 : 0;
      n_unpinned += c.pins == 0 ? 1 : 0;
      all.push_back(c);
    }
    const auto order = eviction_order(all);
    CHECK(order.size() == n_unpinned);
    CHECK(std::ranges::none_of(order, [](const auto& c) { return c.pins > 0; }));
    std::ranges::shuffle(all, random);
    const auto again = eviction_order(all);
    CHECK(
        std::ranges::equal(order, again, {}, &EvictionCandidate::block, &EvictionCandidate::block));
  }
}
