#include "runtime/assets.h"

#include <cstdlib>
#include <system_error>

namespace blue::runtime {

namespace fs = std::filesystem;

std::optional<fs::path> find_asset_above(const fs::path& folder, const fs::path& relative) {
  std::error_code refused;
  for (fs::path here = folder;; here = here.parent_path()) {
    const fs::path candidate = here / "assets" / relative;
    if (fs::exists(candidate, refused)) return candidate;
    if (here == here.parent_path()) return std::nullopt;
  }
}

std::optional<fs::path> find_asset(const fs::path& relative) {
  std::error_code refused;
  if (const char* set = std::getenv("BLUE_ASSETS"); set != nullptr && *set != '\0') {
    const fs::path candidate = fs::path(set) / relative;
    if (fs::exists(candidate, refused)) return candidate;
    return std::nullopt;
  }
  const fs::path executable = fs::read_symlink("/proc/self/exe", refused);
  if (refused) return std::nullopt;
  return find_asset_above(executable.parent_path(), relative);
}

}  // namespace blue::runtime
