// Whether a backend can run a program: every op with its weight's format, and the cache's type.
// Depends on kernels/backend.h, models/program.h. Any thread.
#pragma once

#include "base/result.h"
#include "kernels/backend.h"
#include "models/program.h"

namespace blue::models {

/// Errors: unsupported_shape, unsupported_format, naming the op.
[[nodiscard]] Status check_support(const Program& program, kernels::Backend& backend,
                                   kernels::KvType kv_type);

}  // namespace blue::models
