// Catch2 2 under the names that Catch2 3 gives its parts: tests include those and build with both. The other headers of
// this folder lead here.
#pragma once

#include <catch2/catch.hpp>

namespace Catch {
using Detail::Approx;
namespace Matchers {
inline auto ContainsSubstring(const std::string& part, CaseSensitive::Choice casing = CaseSensitive::Yes) {
  return Contains(part, casing);
}
}  // namespace Matchers
}  // namespace Catch

// Leaves the test case, which counts as passed, and says why. Only at the level of the test case itself.
#ifndef SKIP
#define SKIP(...)                     \
  do {                                \
    WARN("skipped: " << __VA_ARGS__); \
    return;                           \
  } while (false)
#endif
