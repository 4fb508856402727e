// DeviceBoot: the device side of a runtime: backend opened, tiers opened on its device out of the
// machine's memory budget, the models' registry, and the token sources over them.
// Depends on hal, kernels, memory, models, the policies of actors/. Threads: opened on one; then as
// its parts allow. Lifetime: the booted machine outlives it.
#pragma once

#include <memory>
#include <string>

#include "actors/runtime_context.h"
#include "actors/stage/session_source.h"
#include "base/mutex.h"
#include "hal/boot.h"
#include "kernels/backend.h"
#include "runtime/runtime.h"

namespace blue::runtime {

inline constexpr unsigned kReadsInFlight = 64;

struct DeviceBoot {
  std::string choice;
  hal::Reservation host_share;  ///< of the machine's budget: the tier in host memory, and staging
  std::unique_ptr<kernels::Backend> backend;
  Mutex turn;
  std::shared_ptr<actors::TierMemory> tiers;
  std::shared_ptr<actors::ModelRegistry> registry;
};

/// Errors: the backend's; out_of_memory with the size requested and the size left.
Result<std::unique_ptr<DeviceBoot>> boot_device(const RuntimeOptions& options,
                                                const kernels::BackendChoice& choice,
                                                const actors::Placement& placement,
                                                hal::BootedMachine& machine, LogSink& log);
/// A factory of session sources over `boot` and `log`, which outlive them.
actors::TokenSourceFactory session_sources(DeviceBoot& boot, const RuntimeOptions& options,
                                           LogSink& log);

}  // namespace blue::runtime
