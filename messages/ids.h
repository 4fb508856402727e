// The numbers that messages name things by, inside one runtime. Depends on base. Plain values.
#pragma once

#include <cstdint>

namespace blue::messages {

/// A run (or a single generation) of this runtime; its id on disk is text and lies in the run's
/// plan. 0: none.
using RunNumber = std::uint64_t;
/// One attempt of one stage to give tokens; never reused within a runtime. 0: none.
using JobNumber = std::uint64_t;
/// Index of a stage's channel: rings, stop flag, heartbeat.
using StageId = std::uint32_t;

/// An error's kind in a message (base/error.h's ErrorKind), where there may be none.
enum class Outcome : std::uint8_t { completed, failed, cancelled };

}  // namespace blue::messages
