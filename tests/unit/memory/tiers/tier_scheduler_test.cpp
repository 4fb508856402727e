#include "memory/tiers/tier_scheduler.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>
#include <set>

#include "tests/support/memory/scheduled_tiers.h"

namespace blue::memory {
namespace {

using test::ScheduledTiers;

/// Loads per round of the demand-only optimum, over many rounds of 0, 1, ... n - 1.
double belady_loads(std::uint32_t n, std::uint32_t capacity, std::uint32_t n_rounds) {
  std::set<std::uint32_t> resident;
  std::uint64_t n_loads = 0;
  for (std::uint64_t use = 0; use < std::uint64_t{n} * n_rounds; ++use) {
    const auto block = static_cast<std::uint32_t>(use % n);
    if (resident.contains(block)) continue;
    ++n_loads;
    if (resident.size() == capacity) {
      const auto ahead = [&](std::uint32_t b) { return (b + n - block) % n; };
      resident.erase(*std::ranges::max_element(resident, {}, ahead));
    }
    resident.insert(block);
  }
  return static_cast<double>(n_loads) / n_rounds;
}

/// Walks the order for some rounds: at each place the step waits for its block, pins it, and
/// `n_moves_a_use` moves end while it computes. Returns the loads a round.
double scheduled_loads(ScheduledTiers& tiers, std::uint32_t n_rounds, std::size_t n_moves_a_use) {
  const OrderId order = tiers.orders.add(tiers.blocks, tiers.blocks).value();
  tiers.orders.set_activity(order, Activity::active);
  const auto n = static_cast<std::uint32_t>(tiers.blocks.size());
  std::uint64_t n_loads = 0;
  const auto finish_one = [&] {
    tiers.finish(0);
    ++n_loads;
    tiers.start();
  };
  for (std::uint32_t round = 0; round < n_rounds; ++round) {
    for (std::uint32_t place = 0; place < n; ++place) {
      tiers.orders.set_place(order, place);
      tiers.scheduler.demand(tiers.blocks[place]);
      tiers.start();
      std::optional<Lease> lease;
      while (!(lease = tiers.residency.try_lease(tiers.blocks[place], Tier::vram))) {
        REQUIRE(tiers.scheduler.take_refusals().empty());
        REQUIRE_FALSE(tiers.under_way.empty());
        finish_one();
      }
      for (std::size_t i = 0; i < n_moves_a_use && !tiers.under_way.empty(); ++i) finish_one();
      lease.reset();
      tiers.start();
    }
  }
  return static_cast<double>(n_loads) / n_rounds;
}

}  // namespace

TEST_CASE("an order longer than the tier reloads what does not fit and one block more, not all",
          "[memory][tier_scheduler]") {
  for (const std::uint32_t n : {11U, 40U, 74U}) {
    for (const std::uint32_t capacity : {4U, n / 3, n * 10 / 11}) {
      for (const std::size_t n_moves : {std::size_t{0}, std::size_t{1}, std::size_t{4}}) {
        const std::vector<std::uint64_t> sizes(n, 1024);
        TierSchedulerOptions options;
        options.plan_window = Bytes{512};  // less than a block: the next use alone is near
        ScheduledTiers tiers(sizes, Bytes{std::uint64_t{capacity} * 1024}, {}, options);
        CAPTURE(n, capacity, n_moves);
        CHECK(scheduled_loads(tiers, 50, n_moves) <= belady_loads(n, capacity, 50) + 1.2);
      }
    }
  }
}

TEST_CASE("an order that fits is loaded once", "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(20, 1000), Bytes{20 * 1024}, {});
  CHECK(scheduled_loads(tiers, 10, 1) == 2.0);
}

TEST_CASE("the next block of a step is on its way before the step asks",
          "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(8, 1024), Bytes{3 * 1024}, {});
  (void)scheduled_loads(tiers, 10, 1);
  CHECK(tiers.scheduler.counts().n_planned > 8 * tiers.scheduler.counts().n_demanded);
}

TEST_CASE("a demand starts before plans and takes their victims", "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(6, 1024), Bytes{2 * 1024}, {});
  const OrderId order = tiers.orders.add({tiers.blocks[0], tiers.blocks[1]}, tiers.blocks).value();
  tiers.orders.set_activity(order, Activity::active);
  tiers.finish_all();
  REQUIRE(tiers.residency.state(tiers.blocks[1], Tier::vram) == BlockState::resident);
  tiers.scheduler.demand(tiers.blocks[5]);
  tiers.start();
  REQUIRE(tiers.under_way.size() == 1);
  CHECK(tiers.under_way[0].block == tiers.blocks[5]);
  CHECK(tiers.under_way[0].urgency == Urgency::demanded);
  CHECK(tiers.residency.state(tiers.blocks[1], Tier::vram) == BlockState::absent);  // used last
}

TEST_CASE("blocks of models that run leave after those of models that do not",
          "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(6, 1024), Bytes{4 * 1024}, {});
  const std::span<const BlockId> all = tiers.blocks;
  const OrderId first = tiers.orders.add({all[0], all[1]}, all.subspan(0, 2)).value();
  const OrderId second = tiers.orders.add({all[2], all[3]}, all.subspan(2, 2)).value();
  const OrderId third = tiers.orders.add({all[4], all[5]}, all.subspan(4, 2)).value();
  tiers.orders.set_activity(first, Activity::active);
  tiers.finish_all();
  tiers.orders.set_activity(second, Activity::next);
  tiers.finish_all();
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(tiers.residency.state(all[i], Tier::vram) == BlockState::resident);
  // The next in line evicts neither the active one's nor its own.
  tiers.orders.set_activity(third, Activity::next);
  tiers.finish_all();
  CHECK(tiers.residency.state(all[4], Tier::vram) == BlockState::absent);
  // Nothing is known of the second model's uses any more: it goes, the active one stays.
  tiers.orders.set_activity(second, Activity::idle);
  tiers.finish_all();
  for (const std::size_t i : {0U, 1U, 4U, 5U})
    CHECK(tiers.residency.state(all[i], Tier::vram) == BlockState::resident);
}

TEST_CASE("with a tier ram a block goes there first and is copied on", "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(4, 1024), Bytes{1024}, Bytes{4 * 1024});
  for (int round = 0; round < 3; ++round) {
    for (const BlockId block : tiers.blocks) {
      tiers.scheduler.demand(block);
      tiers.finish_all();
      CHECK(tiers.residency.try_lease(block, Tier::vram).has_value());
    }
  }
  CHECK(tiers.scheduler.counts().bytes_read == 4096_B);
  CHECK(tiers.scheduler.counts().bytes_copied == Bytes{12 * 1024});
}

TEST_CASE("a demand that pins forbid is refused by name once nothing is under way",
          "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(3, 1024), Bytes{2 * 1024}, {});
  std::vector<Lease> leases;
  for (const std::size_t i : {0U, 1U}) {
    tiers.scheduler.demand(tiers.blocks[i]);
    tiers.finish_all();
    leases.push_back(*tiers.residency.try_lease(tiers.blocks[i], Tier::vram));
  }
  tiers.scheduler.demand(tiers.blocks[2]);
  tiers.start();
  const auto refusals = tiers.scheduler.take_refusals();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].block == tiers.blocks[2]);
  CHECK(refusals[0].error.is(MemoryError::tier_full));
  CHECK(refusals[0].error.message().find("b2") != std::string::npos);
  leases.clear();
  tiers.scheduler.demand(tiers.blocks[2]);
  tiers.finish_all();
  CHECK(tiers.residency.state(tiers.blocks[2], Tier::vram) == BlockState::resident);
}

TEST_CASE("a block that arrived on demand stays until it was leased", "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(4, 1024), Bytes{2 * 1024}, {});
  tiers.scheduler.demand(tiers.blocks[0]);
  tiers.finish_all();
  tiers.scheduler.demand(tiers.blocks[1]);
  tiers.finish_all();
  tiers.scheduler.demand(tiers.blocks[2]);
  tiers.finish_all();
  CHECK(tiers.scheduler.take_refusals().empty());
  CHECK(tiers.residency.state(tiers.blocks[0], Tier::vram) == BlockState::resident);
  CHECK(tiers.residency.state(tiers.blocks[1], Tier::vram) == BlockState::resident);
  // Asked for again, by somebody who has leased what came for him: the rest was given up.
  const auto lease = tiers.residency.try_lease(tiers.blocks[0], Tier::vram);
  REQUIRE(lease.has_value());
  tiers.scheduler.demand(tiers.blocks[2]);
  tiers.finish_all();
  CHECK(tiers.residency.state(tiers.blocks[1], Tier::vram) == BlockState::absent);
  CHECK(tiers.residency.state(tiers.blocks[2], Tier::vram) == BlockState::resident);
}

TEST_CASE("a move that failed is not ordered again before its failure is reported",
          "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(2, 1024), Bytes{2 * 1024}, {});
  tiers.scheduler.guess(tiers.blocks[0]);
  tiers.start();
  tiers.abandon(0);
  tiers.scheduler.demand(tiers.blocks[0]);
  tiers.start();
  CHECK(tiers.under_way.empty());
  tiers.report_failure(0);
  tiers.scheduler.demand(tiers.blocks[0]);
  tiers.finish_all();
  CHECK(tiers.residency.state(tiers.blocks[0], Tier::vram) == BlockState::resident);
}

TEST_CASE("a scheduler frees what the failed moves of the one before it left booked",
          "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(3, 1024), Bytes{2 * 1024}, {});
  for (const std::size_t i : {0U, 1U}) tiers.scheduler.demand(tiers.blocks[i]);
  tiers.start();
  tiers.abandon(0);
  tiers.abandon(0);  // and the reports die with their reader
  TierScheduler successor(tiers.catalog, tiers.residency, tiers.vram, tiers.ram, tiers.orders, {});
  std::vector<TierScheduler::Move> moves;
  for (const std::size_t i : {0U, 2U}) successor.demand(tiers.blocks[i]);
  successor.next(moves);
  REQUIRE(moves.size() == 2);
  CHECK(moves[0].block == tiers.blocks[0]);
  CHECK(moves[1].block == tiers.blocks[2]);
  CHECK(tiers.vram.find(tiers.blocks[1]) == nullptr);
}

TEST_CASE("guesses fill free room while nothing else moves and evict nothing",
          "[memory][tier_scheduler]") {
  ScheduledTiers tiers(std::vector<std::uint64_t>(5, 1024), Bytes{3 * 1024}, {});
  for (const BlockId block : tiers.blocks) tiers.scheduler.guess(block);
  tiers.finish_all();
  CHECK(tiers.vram.held().size() == 3);
  CHECK(tiers.scheduler.counts().n_evictions == 0);
}

TEST_CASE("the policies differ in what they keep", "[memory][tier_scheduler]") {
  // Block 0 is leased often and long ago, block 1 once and just now.
  for (const auto& [policy, kept] :
       {std::pair{EvictionPolicy::lru, 1U}, std::pair{EvictionPolicy::lfu, 0U},
        std::pair{EvictionPolicy::automatic, 0U}}) {
    TierSchedulerOptions options;
    options.policy = policy;
    ScheduledTiers tiers(std::vector<std::uint64_t>(3, 1024), Bytes{2 * 1024}, {}, options);
    for (const std::size_t i : {0U, 1U}) {
      tiers.scheduler.demand(tiers.blocks[i]);
      tiers.finish_all();
      for (std::size_t n = 0; n < (i == 0 ? 8U : 1U); ++n)
        REQUIRE(tiers.residency.try_lease(tiers.blocks[i], Tier::vram).has_value());
    }
    tiers.scheduler.demand(tiers.blocks[2]);
    tiers.finish_all();
    CHECK(tiers.residency.state(tiers.blocks[kept], Tier::vram) == BlockState::resident);
  }
  // Fame fades: 400 steps later the recent block is worth more.
  ScheduledTiers tiers(std::vector<std::uint64_t>(3, 1024), Bytes{2 * 1024}, {});
  tiers.scheduler.demand(tiers.blocks[0]);
  tiers.finish_all();
  for (int n = 0; n < 8; ++n)
    REQUIRE(tiers.residency.try_lease(tiers.blocks[0], Tier::vram).has_value());
  for (int step = 0; step < 400; ++step) tiers.residency.begin_step();
  tiers.scheduler.demand(tiers.blocks[1]);
  tiers.finish_all();
  REQUIRE(tiers.residency.try_lease(tiers.blocks[1], Tier::vram).has_value());
  tiers.scheduler.demand(tiers.blocks[2]);
  tiers.finish_all();
  CHECK(tiers.residency.state(tiers.blocks[0], Tier::vram) == BlockState::absent);
}

namespace {

/// What must hold after every operation, told from the outside alone.
std::string fault_of(const ScheduledTiers& tiers) {
  for (const TierLedger* ledger : {&tiers.vram, &tiers.ram}) {
    const Tier tier = ledger->tier();
    Bytes sum = ledger->free_bytes();
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    for (const TierLedger::Held& held : ledger->held()) {
      sum += TierArena::occupied(held.size);
      ranges.emplace_back(held.offset, held.offset + TierArena::occupied(held.size).count);
    }
    if (sum != ledger->size()) return "the ledger does not sum up";
    std::ranges::sort(ranges);
    for (std::size_t i = 1; i < ranges.size(); ++i)
      if (ranges[i].first < ranges[i - 1].second) return "two blocks overlap";
    for (const BlockId block : tiers.blocks) {
      const BlockState state = tiers.residency.state(block, tier);
      const bool is_moving = std::ranges::any_of(tiers.under_way, [&](const auto& move) {
        return move.block == block && move.to == tier;
      });
      if ((state == BlockState::loading) != is_moving) return "loading without a move";
      const bool is_unreported = std::ranges::any_of(tiers.unreported, [&](const auto& move) {
        return move.block == block && move.to == tier;
      });
      if ((state == BlockState::absent && !is_unreported) != (ledger->find(block) == nullptr))
        return "residency and ledger disagree";
    }
  }
  if (tiers.scheduler.n_in_flight() != tiers.under_way.size() + tiers.unreported.size())
    return "moves are miscounted";
  return "";
}

}  // namespace

TEST_CASE("whatever comes in whatever order, the books are right and demands end",
          "[memory][tier_scheduler][property]") {
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](std::uint32_t n) { return random() % n; };
    std::vector<std::uint64_t> sizes;
    for (std::uint32_t i = 0; i < 4 + below(16); ++i) sizes.push_back(1 + below(4000));
    const Bytes vram{8192 + below(20000)};
    const Bytes ram{below(2) == 0 ? 0 : 4096 + below(30000)};
    TierSchedulerOptions options;
    options.policy = static_cast<EvictionPolicy>(below(3));
    options.max_in_flight = 1 + below(6);
    options.plan_window = Bytes{below(8000)};
    ScheduledTiers tiers(sizes, vram, ram, options);
    const OrderId order = tiers.orders.add(tiers.blocks, tiers.blocks).value();
    std::vector<Lease> leases;
    CAPTURE(seed);
    for (int i = 0; i < 300; ++i) {
      const BlockId block = tiers.blocks[below(static_cast<std::uint32_t>(sizes.size()))];
      switch (below(9)) {
        case 0:
        case 1: tiers.scheduler.demand(block); break;
        case 2: tiers.scheduler.guess(block); break;
        case 3:
          tiers.orders.set_place(order, below(static_cast<std::uint32_t>(sizes.size())));
          break;
        case 4: tiers.orders.set_activity(order, static_cast<Activity>(below(3))); break;
        case 5:
          if (auto lease = tiers.residency.try_lease(block, Tier::vram); lease && leases.size() < 3)
            leases.push_back(std::move(*lease));
          break;
        case 6:
          if (!leases.empty()) leases.pop_back();
          break;
        case 7:
          if (!tiers.under_way.empty()) {
            const std::size_t move = below(static_cast<std::uint32_t>(tiers.under_way.size()));
            const std::uint32_t end = below(6);
            if (end == 0) tiers.fail(move);
            if (end == 1) tiers.abandon(move);
            if (end > 1) tiers.finish(move);
          } else if (!tiers.unreported.empty()) {
            tiers.report_failure(0);
          }
          break;
        case 8:
          if (below(8) == 0) (void)tiers.scheduler.evict({&block, 1});
          break;
      }
      tiers.start();
      REQUIRE(fault_of(tiers) == "");
    }
    // At rest every demand is met or refused.
    leases.clear();
    while (!tiers.unreported.empty()) tiers.report_failure(0);
    tiers.orders.set_activity(order, Activity::idle);
    tiers.finish_all();
    for (const BlockId block : tiers.blocks) {
      (void)tiers.scheduler.take_refusals();
      // Each time that it is asked for again, one of the demands before it gives way.
      for (std::size_t asked = 0; asked < sizes.size() + 2; ++asked) {
        tiers.scheduler.demand(block);
        tiers.finish_all();
        if (tiers.residency.state(block, Tier::vram) == BlockState::resident) break;
      }
      REQUIRE(fault_of(tiers) == "");
      REQUIRE((tiers.residency.state(block, Tier::vram) == BlockState::resident ||
               !tiers.scheduler.take_refusals().empty()));
    }
  }
}

}  // namespace blue::memory
