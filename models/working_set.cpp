#include "models/working_set.h"

#include <algorithm>

#include "memory/tiers/tier_arena.h"
#include "models/models_error.h"

namespace blue::models {
namespace {

Bytes place_of(const BlockPlan& block) { return memory::TierArena::occupied(block.size); }

/// `size` as --vram takes it, rounded up.
std::string as_flag(Bytes size) {
  const bool is_small = size < 64_MiB;
  const Bytes unit = is_small ? 1_KiB : 1_MiB;
  return std::to_string(round_up(size, unit).count / unit.count) + (is_small ? "KiB" : "MiB");
}

}  // namespace

WorkingSet working_set(const Program& program) {
  WorkingSet set;
  Bytes before;
  for (const BlockPlan& block : program.blocks) {
    const Bytes place = place_of(block);
    if (place > set.least) {
      set.least = place;
      set.block = block.name;
    }
    if (block.kind == memory::BlockKind::expert) continue;
    set.overlapping = std::max(set.overlapping, before + place);
    before = place;
  }
  for (const ExpertGroup& group : program.expert_groups) {
    const Bytes chosen = place_of(program.blocks[group.first_block]) * group.top_k;
    // A layer's experts stand behind its dense block.
    const Bytes dense =
        group.first_block > 0 ? place_of(program.blocks[group.first_block - 1]) : Bytes{};
    set.overlapping = std::max(set.overlapping, dense + chosen);
  }
  set.overlapping = std::max(set.overlapping, set.least);
  return set;
}

Status check_tier_0(const Program& program, Bytes tier_0, const std::string& path) {
  const WorkingSet set = working_set(program);
  if (set.least <= tier_0) return {};
  return Error(ModelsError::budget_too_small,
               path + ": tier 0 has " + to_text(tier_0) + ", and its largest block (" + set.block +
                   ") alone takes " + to_text(set.least) + ": give --vram " + as_flag(set.least) +
                   " or more");
}

}  // namespace blue::models
