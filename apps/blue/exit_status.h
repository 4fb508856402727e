// Exit statuses of `blue`. Depends on base/error.h.
#pragma once

#include "base/error.h"

namespace blue::apps {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;       ///< the machine, a device or the output failed
inline constexpr int kExitBadInput = 2;     ///< the user corrects a file, flag, config or prompt
inline constexpr int kExitCancelled = 130;  ///< Ctrl-C

constexpr int exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_input:
    case ErrorKind::corrupt: return kExitBadInput;
    case ErrorKind::cancelled: return kExitCancelled;
    case ErrorKind::exhausted:
    case ErrorKind::unavailable:
    case ErrorKind::failed: return kExitFailed;
  }
  return kExitFailed;
}

}  // namespace blue::apps
