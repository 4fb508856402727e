// The device contract on the processor itself: "cpu". Arenas are host memory out of one budget:
// what the process can take when the device is opened, less some headroom. Streams run what they
// are given before they return, so every event is done when it was recorded. Memory policies are
// tested on it where there is no GPU.
// Depends on base, hal/device.h. Threads and lifetime: as hal/device.h says.
#pragma once

#include <memory>

#include "base/result.h"
#include "hal/device.h"

namespace blue::hal {

/// Errors: absent when the machine's memory cannot be read.
Result<std::unique_ptr<Device>> open_cpu_device();

}  // namespace blue::hal
