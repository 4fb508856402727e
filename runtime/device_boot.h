// DeviceBoot: the device side of a runtime: backend chosen and opened, tiers opened on its device,
// models' registry, and the sources of tokens over them. What is left when the actors are taken
// away.
// Depends on hal, kernels, memory, models, the policies of actors/. Threads: opened on one; then as
// its parts say.
#pragma once

#include <memory>
#include <string>

#include "actors/runtime_context.h"
#include "actors/stage/session_source.h"
#include "base/mutex.h"
#include "hal/topology.h"
#include "runtime/runtime.h"

namespace blue::runtime {

struct DeviceBoot {
  std::string choice;
  std::unique_ptr<kernels::Backend> backend;
  Mutex turn;
  std::shared_ptr<actors::TierMemory> tiers;
  std::shared_ptr<actors::ModelRegistry> registry;
};

/// Errors: unknown_backend, out_of_memory.
Result<std::unique_ptr<DeviceBoot>> boot_device(const RuntimeOptions& options,
                                                const actors::Placement& placement, LogSink& log);
/// A factory of session sources over `boot` and `log`, which outlive them.
actors::TokenSourceFactory session_sources(DeviceBoot& boot, const RuntimeOptions& options,
                                           LogSink& log);

}  // namespace blue::runtime
