#include <algorithm>

#include "apps/terminal/line_reader.h"

namespace blue::terminal {

std::string Completion::common() const {
  if (whole.empty()) return word;
  std::string shared = whole.front();
  for (const std::string& each : whole) {
    const auto differ = std::mismatch(shared.begin(), shared.end(), each.begin(), each.end());
    shared.erase(differ.first, shared.end());
  }
  return shared;
}

}  // namespace blue::terminal
