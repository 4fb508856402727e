// The conversation about where blocks are: scheduler, tiering actors (vram, ram, nvme) and the DMA
// engine.
//   scheduler -prefetch_model-> tiering(vram) -fetch-> tiering(ram) -fetch-> tiering(nvme)
//   tiering -move-> DMA engine -moved | move_failed-> tiering -block_ready-> tiering above
//   DMA engine, on a stage's miss, -fetch-> tiering(vram), urgent when demanded
// Depends on base and memory's ids. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory/tiers/block.h"
#include "messages/ids.h"
#include "messages/message.h"
#include "messages/rings.h"

namespace blue::messages {

/// scheduler or runtime -> tiering(vram): load the model's blocks in program order, as long as
/// there is free room.
struct PrefetchModel {
  static constexpr const char* type_name = "prefetch_model";
  TraceContext trace;
  std::string model;  ///< path
};

/// tiering above, or DMA engine (a miss) -> tiering: have these blocks in your tier.
struct Fetch {
  static constexpr const char* type_name = "fetch";
  TraceContext trace;
  std::vector<memory::BlockId> blocks;
  Want want{};
};

/// tiering -> DMA engine: copy one block to the place that is reserved for it in `tier`.
struct Move {
  static constexpr const char* type_name = "move";
  TraceContext trace;
  memory::BlockId block;
  memory::Tier tier{};       ///< the destination
  std::uint64_t offset = 0;  ///< bytes from the tier's base
};

/// DMA engine -> tiering: the block is published.
struct Moved {
  static constexpr const char* type_name = "moved";
  TraceContext trace;
  memory::BlockId block;
};

/// Why a move failed.
enum class MoveFailure : std::uint8_t {
  corrupt,  ///< the bytes are not those first read
  refused,  ///< the device or the drive failed it
};

/// DMA engine -> tiering.
struct MoveFailed {
  static constexpr const char* type_name = "move_failed";
  TraceContext trace;
  memory::BlockId block;
  MoveFailure failure{};
  std::string error;
};

/// tiering -> tiering above: the block can be copied on.
struct BlockReady {
  static constexpr const char* type_name = "block_ready";
  TraceContext trace;
  memory::BlockId block;
};

/// tiering -> scheduler: blocks were evicted to make room.
struct TierPressure {
  static constexpr const char* type_name = "tier_pressure";
  TraceContext trace;
  memory::Tier tier{};
  std::uint64_t n_bytes_total = 0;
};

/// stage, through the tier memory -> DMA engine, when it sleeps: poll the miss rings.
struct WakeMisses {
  static constexpr const char* type_name = "wake_misses";
  TraceContext trace;
};

}  // namespace blue::messages
