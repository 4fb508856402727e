// What a mover is asked for and what it answers: plain values.
// Depends on base and memory/tiers/block.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "base/units.h"
#include "memory/tiers/block.h"

namespace blue::memory {

enum class MoveRoute : std::uint8_t {
  file_to_host,        ///< the model's file to tier 1
  file_to_device,      ///< the model's file to tier 0; through staging unless the device is a CPU
  locked_to_device,    ///< page-locked host memory to tier 0
  pageable_to_device,  ///< any other host memory to tier 0, through staging
};

struct MoveOrder {
  BlockId block;
  MoveRoute route{};
  const std::byte* from = nullptr;  ///< host address, for the *_to_device routes out of memory
  std::byte* into = nullptr;        ///< host or device address with room for the block
  Tier tier = Tier::vram;           ///< where it becomes resident
  std::byte* address = nullptr;     ///< what is published: an address that tier 0's device reads
  bool is_urgent = false;           ///< overtakes what moves that are not have still to read
};

struct MoveReport {
  Bytes bytes;               ///< the block's size
  Nanoseconds total_ns = 0;  ///< from submit to the end
  Nanoseconds read_ns = 0;   ///< from submit until the last byte was in host memory
  Nanoseconds copy_ns = 0;   ///< from the first copy to the device to the end of the last
};

/// How a move ended. Neither drive nor copy engine touches its memory any more.
struct MoveEnd {
  BlockId block;
  Tier tier = Tier::vram;
  Result<MoveReport> outcome;
};

}  // namespace blue::memory
