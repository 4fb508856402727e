// The errors of the machine layer, and who acts on each.
// Depends on base/error.h alone. Value type; any thread.
#pragma once

#include "base/error.h"

namespace blue::hal {

enum class HalError {
  bad_file,    ///< no such file, a directory, unreadable: the user names another
  short_file,  ///< fewer bytes than asked for: the file is truncated, the user replaces it
  /// the drive or the kernel failed a read or write: the supervisor retries once, then reports
  io_failed,
  /// memory, page-locked memory or its budget is used up: the caller evicts or asks for less
  out_of_memory,
  /// the operating system refused (pinning, priority, page locking): the caller continues without
  /// and logs it
  denied,
  /// this machine lacks it (GPU, io_uring, cpukinds): the caller takes its alternative
  absent,
  bad_argument,   ///< a core, device or size that does not exist here: the user names another
  device_failed,  ///< the device reported an error: its actor dies of it, the supervisor handles
};

constexpr std::string_view error_domain(HalError) { return "hal"; }

constexpr ErrorKind error_kind(HalError code) {
  switch (code) {
    case HalError::bad_file:
    case HalError::short_file:
    case HalError::bad_argument: return ErrorKind::bad_input;
    case HalError::out_of_memory: return ErrorKind::exhausted;
    case HalError::denied:
    case HalError::absent: return ErrorKind::unavailable;
    case HalError::io_failed:
    case HalError::device_failed: return ErrorKind::failed;
  }
  return ErrorKind::failed;
}

}  // namespace blue::hal
