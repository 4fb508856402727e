// The backend of a runtime: the one that was asked for, or, where the choice is automatic, the best
// that runs the models at hand.
// Depends on kernels, models. Threads: the caller's.
#pragma once

#include "base/log_sink.h"
#include "base/result.h"
#include "kernels/backend.h"
#include "runtime/runtime.h"

namespace blue::runtime {

/// With device "auto" a device that lacks a kernel for one of options.models gives way to the CPU,
/// which has all; the log gets why, and how to insist. A model that can't be opened is left to its
/// loading. Errors: choose_backend's.
Result<kernels::BackendChoice> choose_capable_backend(const RuntimeOptions& options, LogSink& log);

}  // namespace blue::runtime
