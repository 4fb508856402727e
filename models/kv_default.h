// What the KV cache holds where nobody chooses. Depends on kernels/op.h. A constant; any thread.
#pragma once

#include "kernels/op.h"

namespace blue::models {

/// float16: half the bytes of float32, which set the pace behind a long context, for an error of
/// the logits (NMSE 6e-9 to 1.6e-7 against float32, docs/measurements.md) a thousandth of what
/// 4-bit weights cost. Q8_0 halves the bytes again for 4e-6 to 1e-4: whoever wants that says so.
inline constexpr kernels::KvType kDefaultKvType = kernels::KvType::f16;

}  // namespace blue::models
