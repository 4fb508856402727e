// What kernels refuse. Depends on base/error.h alone.
#pragma once

#include "base/error.h"

namespace blue::kernels {

enum class KernelsError {
  unsupported_shape,  ///< an op's shape is outside its contract: the program's author or another backend
  unsupported_format,  ///< no kernel for this weight format on this backend: the user takes another backend or file
  unknown_backend,  ///< no backend or device of that name: the user names one that is listed
  device_failed,    ///< the device failed the launch: the executor's actor dies of it
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
