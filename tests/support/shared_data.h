// Reference data beside the repository (real weights, golden logits); not part of it. A test that
// needs it reports that it was skipped where it is absent. Depends on the standard
// library and Catch2.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace blue::test {

/// The folder of reference data: $BLUE_SHARED/data, or ../shared/data beside the repository.
/// Nothing when absent.
std::optional<std::filesystem::path> shared_data();

std::string read_text(const std::filesystem::path& path);
std::vector<float> read_floats(const std::filesystem::path& path);
std::vector<int> read_numbers(const std::filesystem::path& path);

}  // namespace blue::test

/// Declares `name` as the folder of reference data, or reports the test as skipped and returns.
#define BLUE_NEED_SHARED_DATA(name)                                                 \
  const auto name##_found = ::blue::test::shared_data();                            \
  if (!name##_found) {                                                              \
    WARN("skipped: reference data is absent (../shared/data; or set BLUE_SHARED)"); \
    return;                                                                         \
  }                                                                                 \
  const std::filesystem::path name = *name##_found
