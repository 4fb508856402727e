// The edge of the C API: code inside guarded() may return an Error or throw; the caller gets a
// status, and the message is kept for blue_last_error. Depends on base and runtime.h. Threads: any.
// The thread's last message is the library's only thread-local state: a failed create has no handle
// that could keep it.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "apps/capi/runtime.h"
#include "base/check.h"
#include "base/mutex.h"
#include "base/result.h"

namespace blue::capi {

/// The last message of one runtime's calls.
class ErrorNote {
 public:
  void keep(const std::string& message) {
    const MutexLock lock(mutex_);
    message_ = message;
  }
  [[nodiscard]] std::string message() const {
    const MutexLock lock(mutex_);
    return message_;
  }

 private:
  mutable Mutex mutex_;
  std::string message_ BLUE_GUARDED_BY(mutex_);
};

enum class CapiError { bad_argument };
constexpr std::string_view error_domain(CapiError) { return "capi"; }
constexpr ErrorKind error_kind(CapiError) { return ErrorKind::bad_input; }

blue_status status_of(ErrorKind kind);

/// This thread's last message.
std::string& thread_message();

/// Keeps the message, as one printable line, for this thread and, where there is one, for the
/// runtime. Returns `status`.
blue_status report(blue_status status, const std::string& message, ErrorNote* note) noexcept;

/// Runs `body` (returning Status) of the function so named; no exception passes.
template <class Body>
blue_status guarded(const char* function, ErrorNote* note, Body&& body) noexcept {
  try {
    Status done = std::forward<Body>(body)();
    if (done) return BLUE_OK;
    if (!done.error().is(CapiError::bad_argument)) {
      return report(status_of(done.error().kind()), done.error().message(), note);
    }
    return report(BLUE_ERROR_BAD_INPUT, std::move(done).error().within(function).message(), note);
  } catch (const std::bad_alloc&) {
    return report(BLUE_ERROR_EXHAUSTED, "out of memory", note);
  } catch (const std::exception& failure) {
    return report(BLUE_ERROR_INTERNAL, failure.what(), note);
  } catch (...) {
    return report(BLUE_ERROR_INTERNAL, "an unknown exception", note);
  }
}

/// What is wrong with an argument; guarded() puts the function's name in front.
inline Error bad_argument(std::string what) { return {CapiError::bad_argument, std::move(what)}; }

/// A copy that blue_string_free frees, with a zero byte behind it. Throws bad_alloc.
char* copy_out(const std::string& text);

}  // namespace blue::capi

/// Returns bad_argument from the enclosing function when `pointer` is null.
#define BLUE_REQUIRE_ARGUMENT(pointer) \
  if ((pointer) == nullptr) return ::blue::capi::bad_argument(#pointer " is null")
