#include "apps/capi/boundary.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "apps/capi/handles.h"
#include "base/printable.h"

namespace blue::capi {

blue_status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_input: return BLUE_ERROR_BAD_INPUT;
    case ErrorKind::exhausted: return BLUE_ERROR_EXHAUSTED;
    case ErrorKind::unavailable: return BLUE_ERROR_UNAVAILABLE;
    case ErrorKind::corrupt: return BLUE_ERROR_CORRUPT;
    case ErrorKind::cancelled: return BLUE_ERROR_CANCELLED;
    case ErrorKind::failed: return BLUE_ERROR_FAILED;
  }
  return BLUE_ERROR_INTERNAL;
}

std::string& thread_message() {
  thread_local std::string message;
  return message;
}

blue_status report(blue_status status, const std::string& message, ErrorNote* note) noexcept {
  try {
    constexpr std::size_t kMaxBytes = 1600;
    thread_message() = printable_line(message, kMaxBytes);
    if (note != nullptr) note->keep(thread_message());
  } catch (const std::exception&) {
    // Out of memory for the message: the status alone reports the failure.
  }
  return status;
}

char* copy_out(const std::string& text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

}  // namespace blue::capi

extern "C" {

const char* blue_version(void) { return BLUE_VERSION; }

const char* blue_status_text(blue_status status) {
  switch (status) {
    case BLUE_OK: return "ok";
    case BLUE_ERROR_BAD_INPUT: return "bad input";
    case BLUE_ERROR_EXHAUSTED: return "exhausted";
    case BLUE_ERROR_UNAVAILABLE: return "unavailable";
    case BLUE_ERROR_CORRUPT: return "corrupt";
    case BLUE_ERROR_CANCELLED: return "cancelled";
    case BLUE_ERROR_FAILED: return "failed";
    case BLUE_ERROR_INTERNAL: return "internal error";
  }
  return "unknown status";
}

size_t blue_last_error(const blue_runtime* runtime, char* buffer, size_t capacity) {
  try {
    const std::string message =
        runtime == nullptr ? blue::capi::thread_message() : runtime->core->note.message();
    if (buffer != nullptr && capacity > 0) {
      const std::size_t n = std::min(message.size(), capacity - 1);
      std::memcpy(buffer, message.data(), n);
      buffer[n] = '\0';
    }
    return message.size();
  } catch (const std::exception&) {
    if (buffer != nullptr && capacity > 0) buffer[0] = '\0';
    return 0;
  }
}

void blue_string_free(char* text) { std::free(text); }

}  // extern "C"
