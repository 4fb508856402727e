// Where the library's remarks go. The library never prints: the application passes a LogSink, to
// which it writes refusals and decisions, each once. Depends on the standard library
// alone.
// Threads: write() may be called from any thread; the implementation serialises. Lifetime: outlives
// every user.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace blue {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

class LogSink {
 public:
  virtual ~LogSink() = default;

  /// `line`: one line, without a newline.
  virtual void write(LogLevel level, std::string_view line) = 0;

  /// Writes `line` the first time only.
  void write_once(LogLevel level, std::string_view line);

 private:
  Mutex mutex_;
  std::set<std::string, std::less<>> said_ BLUE_GUARDED_BY(mutex_);
};

/// A sink that drops every line: for tests and for embedding programs without a log.
class NullLogSink final : public LogSink {
 public:
  void write(LogLevel, std::string_view) override {}
};

}  // namespace blue
