// Timeline: the planner of moves. It reads ahead the blocks that a program's steps will use and
// computes which moves bring each one to the device in time. Pure: numbers in, a list out. Its
// evictions are Belady's: what is used furthest ahead leaves first, and nothing leaves that is used
// sooner than the block it makes room for. It counts bytes; where the holes lie is TierLedger's
// business, which may have to evict one block more. Depends on base and memory/tiers. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "memory/memory_error.h"
#include "memory/tiers/block.h"

namespace blue::memory {

/// Op `op` reads `block`.
struct TimelineUse {
  std::uint32_t op = 0;
  BlockId block;
};

struct TimelineInput {
  std::span<const TimelineUse> order;  ///< ops never falling; several steps may follow each other
  std::span<const Bytes> sizes;        ///< by block id, for every block named here
  Bytes vram_capacity;
  Bytes ram_capacity;  ///< 0: no tier 1 (the device is the CPU); blocks are read from the file
  std::span<const BlockId> in_vram;  ///< resident now
  std::span<const BlockId> in_ram;
};

enum class MoveKind : std::uint8_t {
  read_to_ram,
  read_to_vram,
  copy_to_vram,
  evict_from_vram,
  evict_from_ram
};

/// One move. Moves are done in list order; each may begin once every op before `not_before_op` is
/// done and must be done before op `before_op` begins. The span between the two is what can be
/// hidden behind arithmetic.
struct PlannedMove {
  MoveKind kind{};
  BlockId block;
  std::uint32_t not_before_op = 0;
  std::uint32_t before_op = 0;
};

/// The moves that let every op of `order` find its blocks in tier 0. A block that tier 1 cannot
/// house beside those of the same op goes straight from the file to tier 0.
/// Errors: tier_full when the blocks of one op do not fit into tier 0 together.
/// Bound:  O(uses + misses · resident blocks · log).
/// Source: Belady 1966, A study of replacement algorithms for a virtual-storage computer.
[[nodiscard]] Result<std::vector<PlannedMove>> plan_timeline(const TimelineInput& input);

}  // namespace blue::memory
