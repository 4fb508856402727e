// The smallest tier 0 that a program's steps can run in. A streaming step (executor_streaming.cpp)
// holds the block in use and, where there is room, the dense block before it, whose kernels may
// still run; of a layer's experts as many at a time as fit, at least one. With room for the largest
// block alone it runs, in turns of loading and computing.
// Depends on models/program.h and memory/tiers/tier_arena.h. Pure; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "models/program.h"

namespace blue::models {

struct WorkingSet {
  Bytes least;        ///< tier 0 must hold the largest block
  std::string block;  ///< that block's name
  /// From here on a load need not wait for the block before: two neighbouring dense blocks, a dense
  /// block and the experts that one token chooses in its layer.
  Bytes overlapping;
};

WorkingSet working_set(const Program& program);

/// `tier_0`: the room for one block. Errors: budget_too_small, naming `path`, the block and the
/// figure that would do.
Status check_tier_0(const Program& program, Bytes tier_0, const std::string& path);

}  // namespace blue::models
