#include "memory/tiers/timeline.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/check.h"
#include "memory/tiers/eviction.h"
#include "memory/tiers/tier_arena.h"

namespace blue::memory {
namespace {

/// Where each block is used next, as the walk goes forward.
class NextUses {
 public:
  NextUses(std::span<const TimelineUse> order, std::size_t n_blocks)
      : order_(order), head_(n_blocks, kEnd) {
    next_.resize(order.size(), kEnd);
    for (std::size_t i = order.size(); i > 0; --i) {
      std::size_t& head = head_[order[i - 1].block.value];
      next_[i - 1] = head;
      head = i - 1;
    }
  }

  /// The use at place `i` is over.
  void pass(std::size_t i) { head_[order_[i].block.value] = next_[i]; }
  /// Place in the order, or kNoKnownUse.
  [[nodiscard]] std::uint64_t place(BlockId block) const {
    const std::size_t head = head_[block.value];
    return head == kEnd ? kNoKnownUse : head;
  }
  [[nodiscard]] bool is_used_by(BlockId block, std::uint32_t op) const {
    const std::size_t head = head_[block.value];
    return head != kEnd && order_[head].op == op;
  }

 private:
  static constexpr std::size_t kEnd = static_cast<std::size_t>(-1);
  std::span<const TimelineUse> order_;
  std::vector<std::size_t> head_;  ///< by block: place of its next use
  std::vector<std::size_t> next_;  ///< by place: the same block's use after it
};

/// What one tier would hold at the present point of the walk.
struct TierShadow {
  Bytes capacity;
  Bytes used;
  std::vector<BlockId> blocks;
  std::vector<bool> holds;  ///< by block id
  MoveKind eviction{};
};

class Planner {
 public:
  explicit Planner(const TimelineInput& input)
      : input_(input), uses_(input.order, input.sizes.size()), free_from_(input.sizes.size(), 0) {
    vram_ = shadow(input.vram_capacity, input.in_vram, MoveKind::evict_from_vram);
    ram_ = shadow(input.ram_capacity, input.in_ram, MoveKind::evict_from_ram);
  }

  Result<std::vector<PlannedMove>> plan() {
    for (std::size_t i = 0; i < input_.order.size(); ++i) {
      const TimelineUse& use = input_.order[i];
      BLUE_CHECK(i == 0 || input_.order[i - 1].op <= use.op, "a timeline's ops must not fall");
      if (!vram_.holds[use.block.value]) BLUE_TRY(bring(use));
      uses_.pass(i);
      free_from_[use.block.value] = use.op + 1;
    }
    return std::move(moves_);
  }

 private:
  TierShadow shadow(Bytes capacity, std::span<const BlockId> blocks, MoveKind eviction) const {
    TierShadow tier{
        .capacity = capacity, .used = {}, .blocks = {}, .holds = {}, .eviction = eviction};
    tier.holds.resize(input_.sizes.size(), false);
    for (const BlockId block : blocks) put(tier, block);
    return tier;
  }

  [[nodiscard]] Bytes size_of(BlockId block) const {
    return TierArena::occupied(input_.sizes[block.value]);
  }

  void put(TierShadow& tier, BlockId block) const {
    tier.holds[block.value] = true;
    tier.blocks.push_back(block);
    tier.used += size_of(block);
  }

  /// Evicts for `use` until its block fits; the op from which on that room is free, or nothing when
  /// it cannot be made.
  std::optional<std::uint32_t> make_room(TierShadow& tier, const TimelineUse& use) {
    const Bytes size = size_of(use.block);
    if (tier.used + size <= tier.capacity) return 0;
    std::vector<EvictionCandidate> candidates;
    for (const BlockId block : tier.blocks) {
      // A block of the same op is in use when this one is: it has to stay. One that this op has
      // used already, too.
      if (uses_.is_used_by(block, use.op) || free_from_[block.value] > use.op) continue;
      candidates.push_back(
          {.block = block, .size = size_of(block), .next_use = uses_.place(block)});
    }
    const Bytes excess = tier.used + size - tier.capacity;
    const std::vector<BlockId> victims = choose_victims(candidates, excess);
    if (victims.empty()) return std::nullopt;
    std::uint32_t not_before = 0;
    for (const BlockId victim : victims) {
      // Only tier 0 is read by ops; a copy in tier 1 may go at once.
      const std::uint32_t from = &tier == &vram_ ? free_from_[victim.value] : 0;
      moves_.push_back(
          {.kind = tier.eviction, .block = victim, .not_before_op = from, .before_op = use.op});
      not_before = std::max(not_before, from);
      std::erase(tier.blocks, victim);
      tier.holds[victim.value] = false;
      tier.used -= size_of(victim);
    }
    return not_before;
  }

  Status bring(const TimelineUse& use) {
    bool is_in_ram = ram_.holds[use.block.value];
    if (!is_in_ram && ram_.capacity.count > 0 && make_room(ram_, use)) {
      moves_.push_back({.kind = MoveKind::read_to_ram,
                        .block = use.block,
                        .not_before_op = 0,
                        .before_op = use.op});
      put(ram_, use.block);
      is_in_ram = true;
    }
    const std::optional<std::uint32_t> not_before = make_room(vram_, use);
    if (!not_before) {
      return Error(MemoryError::tier_full,
                   "op " + std::to_string(use.op) + " needs blocks of more than the " +
                       to_text(vram_.capacity) + " of tier 0 at once: grant a larger budget");
    }
    moves_.push_back({.kind = is_in_ram ? MoveKind::copy_to_vram : MoveKind::read_to_vram,
                      .block = use.block,
                      .not_before_op = *not_before,
                      .before_op = use.op});
    put(vram_, use.block);
    return {};
  }

  const TimelineInput& input_;
  NextUses uses_;
  std::vector<std::uint32_t> free_from_;  ///< by block: the op behind its last use so far
  TierShadow vram_;
  TierShadow ram_;
  std::vector<PlannedMove> moves_;
};

}  // namespace

Result<std::vector<PlannedMove>> plan_timeline(const TimelineInput& input) {
  return Planner(input).plan();
}

}  // namespace blue::memory
