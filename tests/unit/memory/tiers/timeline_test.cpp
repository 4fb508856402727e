#include "memory/tiers/timeline.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <random>
#include <set>

#include "memory/tiers/tier_arena.h"

using namespace blue;
using namespace blue::memory;

namespace {

struct Case {
  std::vector<TimelineUse> order;
  std::vector<Bytes> sizes;
  Bytes vram{};
  Bytes ram{};
  std::vector<BlockId> in_vram{};
  std::vector<BlockId> in_ram{};

  [[nodiscard]] TimelineInput input() const {
    return {.order = order,
            .sizes = sizes,
            .vram_capacity = vram,
            .ram_capacity = ram,
            .in_vram = in_vram,
            .in_ram = in_ram};
  }
  [[nodiscard]] std::uint32_t next_use(BlockId block, std::uint32_t from_op) const {
    for (const TimelineUse& use : order) {
      if (use.op >= from_op && use.block == block) return use.op;
    }
    return std::numeric_limits<std::uint32_t>::max();
  }
};

Bytes sum(const Case& c, const std::set<BlockId>& held) {
  Bytes total;
  for (const BlockId block : held) total += TierArena::occupied(c.sizes[block.value]);
  return total;
}

/// Carries the plan out as an executor would and checks every promise on the way.
void check_plan(const Case& c, const std::vector<PlannedMove>& moves) {
  std::set<BlockId> vram(c.in_vram.begin(), c.in_vram.end());
  std::set<BlockId> ram(c.in_ram.begin(), c.in_ram.end());
  std::size_t next = 0;
  std::size_t at = 0;
  while (at < c.order.size()) {
    const std::uint32_t op = c.order[at].op;
    for (; next < moves.size() && moves[next].before_op <= op; ++next) {
      const PlannedMove& move = moves[next];
      REQUIRE(move.before_op == op);
      REQUIRE(move.not_before_op <= move.before_op);
      switch (move.kind) {
        case MoveKind::read_to_ram: REQUIRE(ram.insert(move.block).second); break;
        case MoveKind::copy_to_vram: REQUIRE(ram.contains(move.block)); [[fallthrough]];
        case MoveKind::read_to_vram: REQUIRE(vram.insert(move.block).second); break;
        case MoveKind::evict_from_ram: REQUIRE(ram.erase(move.block) == 1); break;
        case MoveKind::evict_from_vram:
          REQUIRE(vram.erase(move.block) == 1);
          // Nothing leaves that is needed by the op the room is for, and it goes only after its
          // last use before.
          REQUIRE(c.next_use(move.block, move.not_before_op) > move.before_op);
          break;
      }
      REQUIRE(sum(c, vram) <= c.vram);
      REQUIRE(sum(c, ram) <= c.ram);
    }
    for (; at < c.order.size() && c.order[at].op == op; ++at)
      REQUIRE(vram.contains(c.order[at].block));
  }
  REQUIRE(next == moves.size());
}

std::size_t count(const std::vector<PlannedMove>& moves, MoveKind kind) {
  return static_cast<std::size_t>(std::count_if(
      moves.begin(), moves.end(), [&](const PlannedMove& m) { return m.kind == kind; }));
}

/// The fewest loads any policy can do with room for `n` equal blocks: by trying every eviction
/// (small cases).
std::size_t fewest_loads(const std::vector<TimelineUse>& order, std::size_t at,
                         std::set<BlockId> held, std::size_t n) {
  while (at < order.size() && held.contains(order[at].block)) ++at;
  if (at == order.size()) return 0;
  if (held.size() < n) {
    held.insert(order[at].block);
    return 1 + fewest_loads(order, at + 1, std::move(held), n);
  }
  std::size_t best = std::numeric_limits<std::size_t>::max();
  for (const BlockId victim : held) {
    std::set<BlockId> without = held;
    without.erase(victim);
    without.insert(order[at].block);
    best = std::min(best, 1 + fewest_loads(order, at + 1, std::move(without), n));
  }
  return best;
}

}  // namespace

TEST_CASE("what is resident needs no moves", "[memory][timeline]") {
  const Case c{.order = {{0, BlockId{0}}, {1, BlockId{1}}},
               .sizes = {256_B, 256_B},
               .vram = 512_B,
               .in_vram = {BlockId{0}, BlockId{1}}};
  const auto moves = plan_timeline(c.input());
  REQUIRE(moves.ok());
  CHECK(moves->empty());
}

TEST_CASE("without tier 1 blocks come straight from the file", "[memory][timeline]") {
  const Case c{.order = {{3, BlockId{0}}}, .sizes = {256_B}, .vram = 256_B};
  const auto moves = plan_timeline(c.input());
  REQUIRE(moves.ok());
  REQUIRE(moves->size() == 1);
  CHECK(moves->front().kind == MoveKind::read_to_vram);
  CHECK(moves->front().not_before_op == 0);
  CHECK(moves->front().before_op == 3);
}

TEST_CASE("a move may begin as soon as the block it displaces was used last",
          "[memory][timeline]") {
  const Case c{.order = {{0, BlockId{0}}, {4, BlockId{1}}, {9, BlockId{2}}},
               .sizes = {256_B, 256_B, 256_B},
               .vram = 512_B,
               .ram = 1_KiB,
               .in_vram = {BlockId{0}, BlockId{1}},
               .in_ram = {BlockId{2}}};
  const auto moves = plan_timeline(c.input());
  REQUIRE(moves.ok());
  REQUIRE(moves->size() == 2);
  CHECK((*moves)[0].kind == MoveKind::evict_from_vram);
  CHECK((*moves)[0].block == BlockId{0});
  CHECK((*moves)[1].kind == MoveKind::copy_to_vram);
  CHECK((*moves)[1].not_before_op == 1);
  CHECK((*moves)[1].before_op == 9);
}

TEST_CASE("an op whose blocks do not fit together is refused", "[memory][timeline]") {
  const Case c{.order = {{0, BlockId{0}}, {0, BlockId{1}}}, .sizes = {256_B, 256_B}, .vram = 256_B};
  const auto moves = plan_timeline(c.input());
  REQUIRE_FALSE(moves.ok());
  CHECK(moves.error().is(MemoryError::tier_full));
}

TEST_CASE("every planned step finds its blocks and no promise is broken",
          "[memory][timeline][property]") {
  std::size_t n_planned = 0;
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    Case c;
    const auto n_blocks = static_cast<std::uint32_t>(2 + random() % 10);
    for (std::uint32_t i = 0; i < n_blocks; ++i) c.sizes.push_back(Bytes{1 + random() % 2000});
    std::uint32_t op = 0;
    for (int i = 0; i < 60; ++i) {
      op += static_cast<std::uint32_t>(random() % 3);
      c.order.push_back({op, BlockId{static_cast<std::uint32_t>(random() % n_blocks)}});
    }
    c.vram = Bytes{2048 + 256 * (random() % 24)};
    c.ram = random() % 3 == 0 ? 0_B : Bytes{1024 + 256 * (random() % 32)};
    Bytes in_vram;
    Bytes in_ram;
    for (std::uint32_t i = 0; i < n_blocks; ++i) {
      const Bytes size = TierArena::occupied(c.sizes[i]);
      if (random() % 2 == 0 && in_vram + size <= c.vram)
        c.in_vram.push_back(BlockId{i}), in_vram += size;
      if (random() % 2 == 0 && in_ram + size <= c.ram)
        c.in_ram.push_back(BlockId{i}), in_ram += size;
    }
    const auto moves = plan_timeline(c.input());
    if (!moves) {
      REQUIRE(moves.error().is(MemoryError::tier_full));
      continue;
    }
    n_planned += 1;
    check_plan(c, *moves);
  }
  CHECK(n_planned > 200);
}

TEST_CASE("no policy loads less than the plan", "[memory][timeline][property]") {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    Case c;
    c.sizes.assign(5, 256_B);
    for (std::uint32_t op = 0; op < 12; ++op) {
      c.order.push_back({op, BlockId{static_cast<std::uint32_t>(random() % c.sizes.size())}});
    }
    c.vram = 768_B;
    const auto moves = plan_timeline(c.input());
    REQUIRE(moves.ok());
    check_plan(c, *moves);
    REQUIRE(count(*moves, MoveKind::read_to_vram) == fewest_loads(c.order, 0, {}, 3));
  }
}

TEST_CASE("a program longer than the tier keeps part of it from step to step",
          "[memory][timeline]") {
  Case c;
  c.sizes.assign(10, 256_B);
  for (std::uint32_t op = 0; op < 100; ++op) c.order.push_back({op, BlockId{op % 10}});
  c.vram = 256_B * 8;
  const auto moves = plan_timeline(c.input());
  REQUIRE(moves.ok());
  check_plan(c, *moves);
  // Least recently used would load all 100. With 8 of 10 places, 1 use in 4 or so must load.
  CHECK(count(*moves, MoveKind::read_to_vram) < 40);
}
