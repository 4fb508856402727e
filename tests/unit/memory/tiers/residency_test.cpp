#include "memory/tiers/residency.h"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <random>
#include <thread>
#include <vector>

using namespace blue;
using namespace blue::memory;

namespace {

constexpr BlockId kBlock{0};

std::byte* load(Residency& residency, BlockId block, Tier tier, std::byte* address) {
  REQUIRE(residency.begin_load(block, tier));
  residency.publish(block, tier, address);
  return address;
}

}  // namespace

TEST_CASE("a block can be leased exactly while it is resident", "[memory][residency]") {
  Residency residency(2);
  std::byte place{};
  CHECK_FALSE(residency.try_lease(kBlock, Tier::vram));
  REQUIRE(residency.begin_load(kBlock, Tier::vram));
  CHECK_FALSE(residency.try_lease(kBlock, Tier::vram));
  residency.publish(kBlock, Tier::vram, &place);
  {
    const auto lease = residency.try_lease(kBlock, Tier::vram);
    REQUIRE(lease);
    CHECK(lease->address() == &place);
    CHECK(lease->block() == kBlock);
    CHECK_FALSE(residency.try_lease(kBlock, Tier::ram));
    CHECK_FALSE(residency.try_lease(BlockId{1}, Tier::vram));
  }
  REQUIRE(residency.begin_evict(kBlock, Tier::vram));
  CHECK_FALSE(residency.try_lease(kBlock, Tier::vram));
  residency.finish_evict(kBlock, Tier::vram);
  CHECK_FALSE(residency.try_lease(kBlock, Tier::vram));
  CHECK(residency.state(kBlock, Tier::vram) == BlockState::absent);
}

TEST_CASE("a leased block cannot be evicted, and a lease that dies returns its block",
          "[memory][residency]") {
  Residency residency(1);
  std::byte place{};
  load(residency, kBlock, Tier::vram, &place);
  auto first = residency.try_lease(kBlock, Tier::vram);
  auto second = residency.try_lease(kBlock, Tier::vram);
  CHECK(residency.pins(kBlock, Tier::vram) == 2);
  CHECK_FALSE(residency.begin_evict(kBlock, Tier::vram));
  first.reset();
  CHECK_FALSE(residency.begin_evict(kBlock, Tier::vram));
  second->release();
  CHECK_FALSE(second->is_held());
  CHECK(residency.pins(kBlock, Tier::vram) == 0);
  CHECK(residency.begin_evict(kBlock, Tier::vram));
}

TEST_CASE("a lease that moves pins once", "[memory][residency]") {
  Residency residency(1);
  std::byte place{};
  load(residency, kBlock, Tier::ram, &place);
  Lease kept;
  {
    Lease taken = std::move(*residency.try_lease(kBlock, Tier::ram));
    kept = std::move(taken);
    CHECK_FALSE(taken.is_held());  // NOLINT(bugprone-use-after-move): empty by contract
  }
  CHECK(residency.pins(kBlock, Tier::ram) == 1);
  kept = Lease();
  CHECK(residency.pins(kBlock, Tier::ram) == 0);
}

TEST_CASE("transitions out of turn are refused or called bugs", "[memory][residency]") {
  Residency residency(1);
  std::byte place{};
  CHECK_FALSE(residency.begin_evict(kBlock, Tier::vram));
  CHECK_THROWS_AS(residency.publish(kBlock, Tier::vram, &place), CheckFailure);
  CHECK_THROWS_AS(residency.abandon(kBlock, Tier::vram), CheckFailure);
  CHECK_THROWS_AS(residency.finish_evict(kBlock, Tier::vram), CheckFailure);
  REQUIRE(residency.begin_load(kBlock, Tier::vram));
  CHECK_FALSE(residency.begin_load(kBlock, Tier::vram));
  residency.abandon(kBlock, Tier::vram);
  CHECK(residency.begin_load(kBlock, Tier::vram));
  CHECK_THROWS_AS(residency.state(BlockId{1}, Tier::vram), CheckFailure);
}

TEST_CASE("later leases have later ticks", "[memory][residency]") {
  Residency residency(2);
  std::byte place{};
  load(residency, BlockId{0}, Tier::vram, &place);
  load(residency, BlockId{1}, Tier::vram, &place);
  CHECK(residency.worth(BlockId{0}, EvictionPolicy::lru) <
        residency.worth(BlockId{1}, EvictionPolicy::lru));
  static_cast<void>(residency.try_lease(BlockId{0}, Tier::vram));
  CHECK(residency.worth(BlockId{0}, EvictionPolicy::lru) >
        residency.worth(BlockId{1}, EvictionPolicy::lru));
}

// Under ThreadSanitizer this is the proof of the memory orders: the payload is written without
// atomics.
TEST_CASE("no reader sees a block's bytes before they are there or after they went",
          "[memory][residency][stress]") {
  constexpr std::uint32_t kBlocks = 4;
  constexpr int kReaders = 3;
  constexpr int kCycles = 3000;
  constexpr std::uint64_t kGone = 0;
  Residency residency(kBlocks);
  // Each block moves between two places; a place that is not its address holds kGone.
  std::vector<std::uint64_t> places(kBlocks * 2, kGone);
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> n_leases{0};
  std::atomic<std::uint64_t> n_wrong{0};

  std::vector<std::thread> readers;
  for (int r = 0; r < kReaders; ++r) {
    readers.emplace_back([&, r] {
      std::mt19937 random(static_cast<std::uint32_t>(r));
      while (!is_over.load(std::memory_order_relaxed)) {
        const BlockId block{static_cast<std::uint32_t>(random() % kBlocks)};
        const auto lease = residency.try_lease(block, Tier::vram);
        if (!lease) continue;
        const auto* value = reinterpret_cast<const std::uint64_t*>(lease->address());
        if (*value != block.value + 1) n_wrong.fetch_add(1, std::memory_order_relaxed);
        n_leases.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }

  std::mt19937 random(99);
  std::uint64_t n_evictions = 0;
  for (int cycle = 0; cycle < kCycles || n_leases.load(std::memory_order_relaxed) < 1000; ++cycle) {
    const BlockId block{static_cast<std::uint32_t>(random() % kBlocks)};
    if (residency.state(block, Tier::vram) == BlockState::resident) {
      if (!residency.begin_evict(block, Tier::vram)) continue;
      places[block.value * 2] = kGone;
      places[block.value * 2 + 1] = kGone;
      residency.finish_evict(block, Tier::vram);
      n_evictions += 1;
    } else {
      REQUIRE(residency.begin_load(block, Tier::vram));
      std::uint64_t& place = places[block.value * 2 + random() % 2];
      place = block.value + 1;
      residency.publish(block, Tier::vram, reinterpret_cast<std::byte*>(&place));
    }
  }
  is_over = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(n_wrong == 0);
  CHECK(n_evictions > 0);
  for (std::uint32_t i = 0; i < kBlocks; ++i) CHECK(residency.pins(BlockId{i}, Tier::vram) == 0);
}
