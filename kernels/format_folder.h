// The folder of a format below kernels/formats, by which the generated tables of kernels are
// keyed. Depends on kernels/format.h. Pure; any thread.
#pragma once

#include <string>

#include "kernels/format.h"

namespace blue::kernels {

/// The format's name in lower case.
inline std::string folder_of(const Format& format) {
  std::string folder(format.name);
  for (char& c : folder) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folder;
}

}  // namespace blue::kernels
