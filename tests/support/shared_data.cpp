#include "tests/support/shared_data.h"

#include <cstdlib>
#include <cstring>

namespace blue::test {

std::optional<std::filesystem::path> shared_data() {
  std::vector<std::filesystem::path> places;
  if (const char* from_environment = std::getenv("BLUE_SHARED"))
    places.emplace_back(from_environment);
  places.push_back(std::filesystem::current_path().parent_path() / "shared");
  for (const auto& place : places) {
    if (std::filesystem::is_directory(place / "data")) return place / "data";
  }
  return std::nullopt;
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<float> read_floats(const std::filesystem::path& path) {
  const std::string bytes = read_text(path);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

std::vector<int> read_numbers(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE(file);
  return {std::istream_iterator<int>(file), {}};
}

}  // namespace blue::test
