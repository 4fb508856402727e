// The rate of copies from host memory to a device, measured. Depends on hal/device.h and
// machine_measure.h. The calling thread; memory for its length only.
#pragma once

#include "base/result.h"
#include "hal/device.h"
#include "hal/machine_measure.h"

namespace blue::hal {

/// Copies in pieces of 8 MiB out of page-locked memory where the system allows that, for about
/// `budget_ns`. Errors: out_of_memory, device_failed.
Result<MeasuredRate> measure_link(Device& device, Nanoseconds budget_ns);

}  // namespace blue::hal
