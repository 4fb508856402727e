// How fast a backend's kernels read the weights of a program, measured on a matrix of its most read
// format and row length, and what one op takes beside that. For cost_model.h. Depends on
// kernels/backend.h, models/program.h. The thread that drives the backend; memory for its length
// only.
#pragma once

#include "base/result.h"
#include "kernels/backend.h"
#include "models/program.h"

namespace blue::models {

struct KernelRate {
  double bytes_per_s = 0;  ///< of weights, one token
  double op_ns = 0;        ///< of an op that reads next to nothing
};

/// Takes about `budget_ns`. The matrix is larger than any cache but a server's. Errors: what
/// supports() gives, out_of_memory, device_failed.
Result<KernelRate> measure_kernels(kernels::Backend& backend, const Program& program,
                                   Nanoseconds budget_ns);

}  // namespace blue::models
