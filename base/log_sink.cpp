#include "base/log_sink.h"

namespace blue {

void LogSink::write_once(LogLevel level, std::string_view line) {
  {
    const MutexLock lock(mutex_);
    if (!said_.emplace(line).second) return;
  }
  write(level, line);
}

}  // namespace blue
