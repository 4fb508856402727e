// The errors of memory, and who acts on each. Depends on base/error.h alone.
#pragma once

#include "base/error.h"

namespace blue::memory {

enum class MemoryError {
  /// no room even after evicting all that is unpinned: the user grants a larger budget or a smaller
  /// context
  tier_full,
  /// a block's bytes changed since they were first read: the user replaces the file
  block_corrupt,
  /// a model's checksum index is damaged or of another file: the user makes it anew (blue index)
  bad_index,
  read_failed,    ///< the file could not be read (the message carries why): the supervisor decides
  stopped,        ///< the waiting work was stopped
  pages_used_up,  ///< the KV pool is full: the user asks for fewer tokens or grants more
  /// a record before the tail of a write-ahead log does not check: the user starts a new run
  log_corrupt,
  /// the log could not be written or synced: the run ends with an error, nothing committed is lost
  log_failed,
  unknown_slot,    ///< no such slot in this Thinking Buffer: the user corrects the cascade file
  hidden_slot,     ///< the reader may not read that slot: the user corrects the cascade file
  slot_committed,  ///< a committed slot is written twice: a stage is configured twice
};

constexpr std::string_view error_domain(MemoryError) { return "memory"; }

constexpr ErrorKind error_kind(MemoryError code) {
  switch (code) {
    case MemoryError::tier_full:
    case MemoryError::pages_used_up: return ErrorKind::exhausted;
    case MemoryError::block_corrupt:
    case MemoryError::log_corrupt: return ErrorKind::corrupt;
    case MemoryError::stopped: return ErrorKind::cancelled;
    case MemoryError::unknown_slot:
    case MemoryError::hidden_slot:
    case MemoryError::bad_index:
    case MemoryError::slot_committed: return ErrorKind::bad_input;
    case MemoryError::read_failed:
    case MemoryError::log_failed: return ErrorKind::failed;
  }
  return ErrorKind::failed;
}

}  // namespace blue::memory
