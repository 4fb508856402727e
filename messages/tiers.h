// The conversation about where blocks are: scheduler, tier managers (vram, ram, nvme) and the DMA
// engine. Blocks by number.
//   scheduler -prefetch_model-> tier manager(vram) -fetch-> tier manager(ram) -fetch-> tier manager(nvme)
//   tier manager -move-> DMA engine -moved | move_corrupt | move_failed-> tier manager -block_ready-> tier manager above
//   DMA engine, on a stage's miss, -fetch-> tier manager(vram), urgent
// Depends on base. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "messages/ids.h"
#include "messages/message.h"

namespace blue::messages {

/// scheduler -> tier manager(vram): bring the model's blocks near in program order, as long as
/// nothing in use has to go.
struct PrefetchModel {
  static constexpr const char* type_name = "prefetch_model";
  TraceContext trace;
  std::string model;  ///< path

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, model);
  }
};

/// tier manager above, or DMA engine (a miss) -> tier manager: have these blocks in your tier.
struct Fetch {
  static constexpr const char* type_name = "fetch";
  TraceContext trace;
  std::vector<std::uint32_t> blocks;
  std::uint8_t is_demanded = 0;  ///< 1: a stage waits; 0: a guess

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, blocks, is_demanded);
  }
};

/// anyone -> tier manager: let these go unless they are pinned.
struct Evict {
  static constexpr const char* type_name = "evict";
  TraceContext trace;
  std::vector<std::uint32_t> blocks;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, blocks);
  }
};

/// anyone -> tier manager, answered by pin_counts: how many leases each of these blocks has now.
struct PinReport {
  static constexpr const char* type_name = "pin_report";
  TraceContext trace;
  std::vector<std::uint32_t> blocks;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, blocks);
  }
};

/// tier manager -> who asked.
struct PinCounts {
  static constexpr const char* type_name = "pin_counts";
  TraceContext trace;
  std::vector<std::uint32_t> pins;  ///< by block asked for

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, pins);
  }
};

/// tier manager -> DMA engine: copy one block to the place that is reserved for it in `tier`.
struct Move {
  static constexpr const char* type_name = "move";
  TraceContext trace;
  std::uint32_t block = 0;
  std::uint8_t tier = 0;     ///< where it goes
  std::uint64_t offset = 0;  ///< bytes from the tier's base
  std::uint8_t is_demanded = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, block, tier, offset, is_demanded);
  }
};

/// DMA engine -> tier manager: it is there and published.
struct Moved {
  static constexpr const char* type_name = "moved";
  TraceContext trace;
  std::uint32_t block = 0;
  std::uint8_t tier = 0;
  std::uint64_t n_bytes = 0;
  Nanoseconds took_ns = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, block, tier, n_bytes, took_ns);
  }
};

/// DMA engine -> tier manager: the bytes are not those first read.
struct MoveCorrupt {
  static constexpr const char* type_name = "move_corrupt";
  TraceContext trace;
  std::uint32_t block = 0;
  std::uint8_t tier = 0;
  std::string error;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, block, tier, error);
  }
};

/// DMA engine -> tier manager: the device or the drive failed it.
struct MoveFailed {
  static constexpr const char* type_name = "move_failed";
  TraceContext trace;
  std::uint32_t block = 0;
  std::uint8_t tier = 0;
  std::string error;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, block, tier, error);
  }
};

/// tier manager -> tier manager above: it can be copied on.
struct BlockReady {
  static constexpr const char* type_name = "block_ready";
  TraceContext trace;
  std::uint32_t block = 0;
  std::uint8_t tier = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, block, tier);
  }
};

/// tier manager -> scheduler: something had to go to make room.
struct TierPressure {
  static constexpr const char* type_name = "tier_pressure";
  TraceContext trace;
  std::uint8_t tier = 0;
  std::uint64_t n_bytes_used = 0;
  std::uint64_t n_bytes_total = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, tier, n_bytes_used, n_bytes_total);
  }
};

/// stage -> DMA engine, when it sleeps: look at the miss rings.
struct WakeMisses {
  static constexpr const char* type_name = "wake_misses";
  TraceContext trace;
  StageId stage_id = 0;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace, stage_id);
  }
};

/// DMA engine -> itself: look at the miss rings again.
struct PollMisses {
  static constexpr const char* type_name = "poll_misses";
  static constexpr bool is_poll = true;
  TraceContext trace;

  template <class Visit>
  auto visit_fields(Visit&& visit) {
    return visit(trace);
  }
};

}  // namespace blue::messages
