#include "tests/support/kernels/shared_data.h"

#include <cstdlib>
#include <fstream>

#include "base/check.h"

namespace blue::test {

std::optional<std::filesystem::path> find_shared_data(const std::string& name) {
  std::vector<std::filesystem::path> folders;
  if (const char* told = std::getenv("BLUE_SHARED"))
    folders = {std::filesystem::path(told) / "data", told};
  const char* source = std::getenv("BLUE_SOURCE_DIR");
  std::filesystem::path above =
      source != nullptr ? std::filesystem::path(source) : std::filesystem::current_path();
  for (; above.has_relative_path(); above = above.parent_path())
    folders.push_back(above / "shared" / "data");
  for (const std::filesystem::path& folder : folders) {
    if (std::filesystem::exists(folder / name)) return folder / name;
  }
  return std::nullopt;
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  std::vector<std::byte> bytes(std::filesystem::file_size(path));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  BLUE_CHECK(file.good(), path.string());
  return bytes;
}

}  // namespace blue::test
