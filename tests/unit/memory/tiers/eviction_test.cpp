#include "memory/tiers/eviction.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>
#include <set>

using namespace blue;
using namespace blue::memory;

namespace {

EvictionCandidate candidate(std::uint32_t id, std::uint64_t size, std::uint64_t last_used) {
  return {.block = BlockId{id}, .size = Bytes{size}, .last_used = last_used};
}

}  // namespace

TEST_CASE("the least recently used goes first, and only as many as are needed",
          "[memory][eviction]") {
  const std::vector<EvictionCandidate> all = {candidate(0, 10, 5), candidate(1, 10, 2),
                                              candidate(2, 10, 9)};
  CHECK(choose_victims(all, 10_B) == std::vector<BlockId>{BlockId{1}});
  CHECK(choose_victims(all, 11_B) == std::vector<BlockId>{BlockId{1}, BlockId{0}});
  CHECK(choose_victims(all, 31_B).empty());
  CHECK(choose_victims(all, 0_B).empty());
}

TEST_CASE("of two equally recent blocks the less often used goes first", "[memory][eviction]") {
  std::vector<EvictionCandidate> all = {candidate(0, 10, 5), candidate(1, 10, 5)};
  all[0].n_uses = 3;
  all[1].n_uses = 2;
  CHECK(choose_victims(all, 1_B) == std::vector<BlockId>{BlockId{1}});
}

TEST_CASE("what is used furthest ahead goes before what is merely old", "[memory][eviction]") {
  std::vector<EvictionCandidate> all = {candidate(0, 10, 1), candidate(1, 10, 9),
                                        candidate(2, 10, 5)};
  all[0].next_use = 1;
  all[1].next_use = 7;
  CHECK(eviction_order(all).front().block == BlockId{2});  // no known use at all
  CHECK(eviction_order(all).back().block == BlockId{0});
}

TEST_CASE("a block spared by a larger one stays", "[memory][eviction]") {
  const std::vector<EvictionCandidate> all = {candidate(0, 10, 1), candidate(1, 100, 2)};
  CHECK(choose_victims(all, 100_B) == std::vector<BlockId>{BlockId{1}});
}

TEST_CASE("victims suffice, are unpinned, and none of them could stay",
          "[memory][eviction][property]") {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    std::vector<EvictionCandidate> all;
    std::map<BlockId, EvictionCandidate> by_id;
    std::uint64_t unpinned = 0;
    for (std::uint32_t i = 0; i < 1 + random() % 20; ++i) {
      EvictionCandidate c = candidate(i, 1 + random() % 100, random() % 10);
      c.pins = random() % 3 == 0 ? 1 : 0;
      c.next_use = random() % 2 == 0 ? kNoKnownUse : random() % 10;
      if (c.pins == 0) unpinned += c.size.count;
      all.push_back(c);
      by_id[c.block] = c;
    }
    const Bytes needed{1 + random() % 600};
    const std::vector<BlockId> victims = choose_victims(all, needed);
    REQUIRE(victims.empty() == (unpinned < needed.count));
    if (victims.empty()) continue;
    REQUIRE(std::set<BlockId>(victims.begin(), victims.end()).size() == victims.size());
    std::uint64_t freed = 0;
    for (const BlockId victim : victims) {
      REQUIRE(by_id.at(victim).pins == 0);
      freed += by_id.at(victim).size.count;
    }
    REQUIRE(freed >= needed.count);
    for (const BlockId victim : victims)
      REQUIRE(freed - by_id.at(victim).size.count < needed.count);

    // The order of the input is of no account.
    std::shuffle(all.begin(), all.end(), random);
    REQUIRE(choose_victims(all, needed) == victims);
  }
}
