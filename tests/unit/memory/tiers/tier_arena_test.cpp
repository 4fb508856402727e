#include "memory/tiers/tier_arena.h"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>

#include "base/check.h"

using namespace blue;
using namespace blue::memory;

TEST_CASE("an arena gives out aligned ranges, first fit", "[memory][arena]") {
  TierArena arena(1_KiB);
  CHECK(arena.take(1_B) == 0U);
  CHECK(arena.take(257_B) == 256U);
  CHECK(arena.free_bytes() == 256_B);
  CHECK_FALSE(arena.take(257_B).has_value());
  arena.give_back(0, 1_B);
  CHECK(arena.take(0_B) == 0U);
  CHECK(arena.take(256_B) == 768U);
  CHECK_FALSE(arena.take(0_B).has_value());
}

TEST_CASE("an arena of less than one unit has no room", "[memory][arena]") {
  TierArena arena(255_B);
  CHECK(arena.size() == 0_B);
  CHECK_FALSE(arena.take(1_B).has_value());
}

TEST_CASE("a range given back twice is a bug", "[memory][arena]") {
  TierArena arena(1_KiB);
  REQUIRE(arena.take(512_B).has_value());
  arena.give_back(0, 512_B);
  CHECK_THROWS_AS(arena.give_back(0, 512_B), CheckFailure);
  CHECK_THROWS_AS(arena.give_back(256, 1_B), CheckFailure);
  CHECK_THROWS_AS(arena.give_back(1024, 1_B), CheckFailure);
}

TEST_CASE("ranges never overlap, and all come back as one hole", "[memory][arena][property]") {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    TierArena arena(64_KiB);
    std::map<std::uint64_t, Bytes> taken;
    for (int i = 0; i < 400; ++i) {
      if (taken.empty() || random() % 3 != 0) {
        const Bytes size{1 + random() % 6000};
        const auto offset = arena.take(size);
        if (!offset) {
          REQUIRE(arena.largest_hole() < TierArena::occupied(size));
          continue;
        }
        REQUIRE(*offset % kTensorAlignment == 0);
        REQUIRE(*offset + size.count <= arena.size().count);
        const auto next = taken.lower_bound(*offset);
        REQUIRE((next == taken.end() || *offset + size.count <= next->first));
        REQUIRE((next == taken.begin() ||
                 std::prev(next)->first + std::prev(next)->second.count <= *offset));
        taken.emplace(*offset, size);
      } else {
        const auto victim =
            std::next(taken.begin(), static_cast<std::ptrdiff_t>(random() % taken.size()));
        arena.give_back(victim->first, victim->second);
        taken.erase(victim);
      }
      std::uint64_t end_of_last = 0;
      for (const TierArena::Range& hole : arena.holes()) {
        REQUIRE(
            (hole.offset > end_of_last || (hole.offset == 0 && end_of_last == 0)));  // no two touch
        end_of_last = hole.offset + hole.size;
      }
    }
    for (const auto& [offset, size] : taken) arena.give_back(offset, size);
    REQUIRE(arena.holes().size() == 1);
    REQUIRE(arena.free_bytes() == arena.size());
  }
}
