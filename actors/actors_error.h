// The errors of actors and their policies, and who acts on each. Depends on base/error.h alone.
#pragma once

#include "base/error.h"

namespace blue::actors {

enum class ActorsError {
  /// The cascade file is invalid: the user corrects it (the message names file and line or stage).
  bad_cascade,
  bad_override,  ///< --set names no such stage, key or file
  bad_request,   ///< a message or call with invalid values: the caller corrects them
  unknown_run,   ///< no such run to resume
  run_finished,  ///< the run to resume has ended already
  /// An actor died and its state can't be rebuilt: the run ends, committed slots stay.
  actor_down,
  shutting_down,  ///< the runtime is ending
  timed_out,      ///< the watchdog saw no progress
};

constexpr std::string_view error_domain(ActorsError) { return "actors"; }

constexpr ErrorKind error_kind(ActorsError code) {
  switch (code) {
    case ActorsError::bad_cascade:
    case ActorsError::bad_override:
    case ActorsError::bad_request:
    case ActorsError::unknown_run:
    case ActorsError::run_finished: return ErrorKind::bad_input;
    case ActorsError::shutting_down: return ErrorKind::cancelled;
    case ActorsError::actor_down:
    case ActorsError::timed_out: return ErrorKind::failed;
  }
  return ErrorKind::failed;
}

}  // namespace blue::actors
