// The library's remarks, as lines on stderr. Depends on base. Any thread.
#pragma once

#include <cstdio>

#include "base/log_sink.h"

namespace blue::apps {

class StderrLog final : public LogSink {
 public:
  void write(LogLevel level, std::string_view line) override {
    if (level == LogLevel::debug) return;
    // One call, so that lines of several threads do not mix.
    std::fprintf(stderr, "blue: %.*s\n", static_cast<int>(line.size()), line.data());
  }
};

}  // namespace blue::apps
