// Whole small files and standard input, as text. Depends on base. Main thread.
#pragma once

#include <string>

#include "base/result.h"

namespace blue::apps {

enum class AppsError {
  bad_file,  ///< a file that the command line names cannot be read or written, or holds something else
  bad_request,  ///< a value on the command line that no parser could refuse
  run_failed,   ///< a generation ended over the machine or a device
};
constexpr std::string_view error_domain(AppsError) { return "apps"; }
constexpr ErrorKind error_kind(AppsError code) {
  return code == AppsError::run_failed ? ErrorKind::failed : ErrorKind::bad_input;
}

/// Errors: bad_file naming the path.
Result<std::string> read_file(const std::string& path);
Status write_file(const std::string& path, std::string_view bytes);
std::string read_standard_input();

}  // namespace blue::apps
