// Reference data beside a checkout, not in it: found through BLUE_SHARED, or as
// shared/data in a folder above. Depends on the standard library alone. Pure functions; any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace blue::test {

/// The path of `name` ("quant/Q8_0.blocks"); nothing where the data is absent.
std::optional<std::filesystem::path> find_shared_data(const std::string& name);

/// The bytes of a file that find_shared_data found.
std::vector<std::byte> read_file(const std::filesystem::path& path);

}  // namespace blue::test
