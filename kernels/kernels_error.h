// The errors of this layer. Depends on base/error.h alone.
#pragma once

#include "base/error.h"

namespace blue::kernels {

enum class KernelsError {
  /// An op's shape is outside its contract, or beyond this backend: take another backend.
  unsupported_shape,
  /// No kernel for this weight format on this backend: take another backend or file.
  unsupported_format,
  /// No backend or device of that name: take one that is listed.
  unknown_backend,
  /// The device failed the launch: the executor's actor ends, the supervisor handles it.
  device_failed,
};

constexpr std::string_view error_domain(KernelsError) { return "kernels"; }

constexpr ErrorKind error_kind(KernelsError code) {
  switch (code) {
    case KernelsError::unsupported_shape:
    case KernelsError::unsupported_format: return ErrorKind::unavailable;
    case KernelsError::unknown_backend: return ErrorKind::bad_input;
    case KernelsError::device_failed: return ErrorKind::failed;
  }
  return ErrorKind::failed;
}

}  // namespace blue::kernels
