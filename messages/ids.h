// The ids in messages, valid inside one runtime. Depends on base. Plain values.
#pragma once

#include <cstdint>

#include "base/id.h"

namespace blue::messages {

/// A run (or a single generation) of this runtime, from 1; its id on disk is text, in the run's
/// plan.
using RunNumber = Id<struct RunTag, std::uint64_t>;
/// One execution of one stage, from 1; never reused within a runtime.
using JobNumber = Id<struct JobTag, std::uint64_t>;
/// Index of a stage's channel.
using StageId = Id<struct StageTag>;
/// A KV snapshot on its way between a stage and the KV library.
using SnapshotNumber = Id<struct SnapshotTag, std::uint64_t>;

/// How a run ended.
enum class Outcome : std::uint8_t { completed, failed, cancelled };

}  // namespace blue::messages
