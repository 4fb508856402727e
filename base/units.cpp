#include "base/units.h"

#include <time.h>

#include <array>
#include <cstdio>

namespace blue {

std::string to_text(Bytes bytes) {
  static constexpr std::array<const char*, 5> kNames = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes.count);
  std::size_t step = 0;
  for (; value >= 1024.0 && step + 1 < kNames.size(); ++step) value /= 1024.0;
  char text[32];
  std::snprintf(text, sizeof text, step == 0 ? "%.0f %s" : "%.2f %s", value, kNames[step]);
  return text;
}

Nanoseconds monotonic_now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<Nanoseconds>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

}  // namespace blue
