// BLUE_CHECK: an invariant of our own code. A failure is a bug, never bad input. It throws
// CheckFailure (the library never aborts): an actor ends and its supervisor handles that, the C API
// turns it into BLUE_ERROR_INTERNAL. Depends on the standard library alone. Any thread. Kept in
// release builds.
#pragma once

#include <stdexcept>
#include <string>

namespace blue {

/// A broken invariant: where, which, and what was known.
class CheckFailure : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               const std::string& note);

}  // namespace blue

#define BLUE_CHECK(condition, ...)                                                      \
  do {                                                                                  \
    if (!(condition)) [[unlikely]]                                                      \
      ::blue::check_failed(#condition, __FILE__, __LINE__, ::std::string(__VA_ARGS__)); \
  } while (false)
