// What a runtime requests of the machine, and its report of its own start: phase 6 of the boot.
// Depends on hal/boot.h, kernels/backend.h, actors/. Free functions; the thread that starts the
// runtime.
#pragma once

#include <optional>

#include "hal/boot.h"
#include "kernels/backend.h"
#include "runtime/device_boot.h"

namespace blue::runtime {

/// Boots the machine for a runtime of these options. `choice`: the backend that will be opened;
/// null where none is. Errors: hal::boot's.
Result<hal::BootedMachine> boot_machine(const RuntimeOptions& options,
                                        const kernels::BackendChoice* choice, LogSink& log);

/// The item "device" and one per tier with memory.
std::vector<hal::BootItem> items_of(DeviceBoot& device);
/// The item "actors": how many run, and how many on a core of their own placement.
hal::BootItem item_of(const std::vector<actors::ActorThread>& threads,
                      const actors::Placement& placement);

}  // namespace blue::runtime
