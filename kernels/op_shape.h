// The shape rules that hold for an op on every backend, checked once per program by each backend's
// supports(). Depends on kernels/op.h. Pure functions; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "kernels/op.h"

namespace blue::kernels {

/// The longest head that any backend takes: bounds the accumulators that attention keeps on its
/// stack.
inline constexpr std::uint32_t kMaxHeadDim = 512;

/// The longest row that attention_latent takes: a compressed key-value row and its rotary part.
inline constexpr std::uint32_t kMaxLatentDim = 1024;

/// The largest group of a Hadamard transform.
inline constexpr std::uint32_t kMaxHadamard = 4096;

/// Does the op keep the contract in op.h? `format` is that of its weight, null for ops without one.
/// Errors: unsupported_shape, naming the op, its layer, its shape and the rule.
Status check_shape(const Op& op, const Format* format);

/// "linear, layer 3, [512 x 256] Q4_K": for messages.
std::string describe(const Op& op, const Format* format);

}  // namespace blue::kernels
