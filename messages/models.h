// The conversation that unloads a model: runtime, scheduler, stages, tiering.
//   runtime -unload_model-> scheduler -release_model-> stages -model_released
//   scheduler -evict-> tiering(vram), then tiering(ram) -evicted;  scheduler -model_unloaded
// Depends on base and memory's ids. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "memory/tiers/block.h"
#include "messages/message.h"

namespace blue::messages {

/// any thread -> scheduler, answered by model_unloaded: drop the model, its blocks and its KV
/// snapshots. Refused while a job runs or waits with it.
struct UnloadModel {
  static constexpr const char* type_name = "unload_model";
  TraceContext trace;
  std::string model;  ///< path
};

/// scheduler -> asker.
struct ModelUnloaded {
  static constexpr const char* type_name = "model_unloaded";
  TraceContext trace;
  ErrorKind kind{};   ///< meaningless on success
  std::string error;  ///< one line; empty on success
};

/// scheduler -> stage, answered by model_released: drop the session on this model, if it is open.
struct ReleaseModel {
  static constexpr const char* type_name = "release_model";
  TraceContext trace;
  std::string model;
};

/// stage -> scheduler.
struct ModelReleased {
  static constexpr const char* type_name = "model_released";
  TraceContext trace;
};

/// scheduler -> tiering, answered by evicted once none of them is being copied: drop these blocks
/// and their pending requests.
struct Evict {
  static constexpr const char* type_name = "evict";
  TraceContext trace;
  std::vector<memory::BlockId> blocks;
};

/// tiering -> scheduler.
struct Evicted {
  static constexpr const char* type_name = "evicted";
  TraceContext trace;
  std::uint32_t n_pinned = 0;  ///< these were kept
};

}  // namespace blue::messages
