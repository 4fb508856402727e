// The conversation about where blocks are: scheduler, tiering actor and DMA engine. Stages ask
// through their channels' miss rings.
//   scheduler -prefetch_model, evict-> tiering -move-> DMA engine -moved | move_failed-> tiering
// Depends on base and memory's ids. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memory/tiers/block.h"
#include "memory/tiers/urgency.h"
#include "messages/ids.h"
#include "messages/message.h"
#include "messages/rings.h"

namespace blue::messages {

/// scheduler or runtime -> tiering: this model runs next; load its blocks without evicting those of
/// models that run.
struct PrefetchModel {
  static constexpr const char* type_name = "prefetch_model";
  TraceContext trace;
  std::string model;  ///< path
};

/// tiering -> DMA engine: copy one block to the place that is reserved for it in `to`.
struct Move {
  static constexpr const char* type_name = "move";
  TraceContext trace;
  memory::BlockId block;
  memory::Tier from{};
  memory::Tier to{};
  memory::Urgency urgency{};
  std::uint64_t offset = 0;       ///< bytes from the base of `to`
  std::uint64_t from_offset = 0;  ///< bytes from the base of ram, where it comes from there
  std::uint64_t incarnation = 0;  ///< of the engine that is meant
};

/// DMA engine -> tiering: the block is published.
struct Moved {
  static constexpr const char* type_name = "moved";
  TraceContext trace;
  memory::BlockId block;
  memory::Tier tier{};
};

/// Why a move failed.
enum class MoveFailure : std::uint8_t {
  corrupt,  ///< the bytes are not those first read, or not those of the model's index
  refused,  ///< the device or the drive failed it
  stopped,  ///< it was given up
};

/// DMA engine -> tiering.
struct MoveFailed {
  static constexpr const char* type_name = "move_failed";
  TraceContext trace;
  memory::BlockId block;
  memory::Tier tier{};
  MoveFailure failure{};
  std::string error;
};

/// DMA engine -> tiering: it begins; what earlier incarnations were carrying is lost.
struct EngineStarted {
  static constexpr const char* type_name = "engine_started";
  TraceContext trace;
  std::uint64_t incarnation = 0;
};

/// tiering -> scheduler: blocks were evicted to make room.
struct TierPressure {
  static constexpr const char* type_name = "tier_pressure";
  TraceContext trace;
  memory::Tier tier{};
  std::uint64_t n_bytes_total = 0;
};

/// stage, through the tier memory -> tiering, when it sleeps: poll the miss rings.
struct WakeTiering {
  static constexpr const char* type_name = "wake_tiering";
  TraceContext trace;
};

}  // namespace blue::messages
