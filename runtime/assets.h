// Finds the bundled files (assets/: cascades, the scale models), however the program was started.
// Depends on the standard library. Any thread; functions keep nothing.
#pragma once

#include <filesystem>
#include <optional>

namespace blue::runtime {

/// The default cascade, relative to the assets' folder.
inline constexpr const char* kDefaultCascade = "cascades/think-code-review-fix.toml";

/// The file or folder `relative` ("nano/coder.gguf") of the assets' folder: of $BLUE_ASSETS alone
/// where that is set, else of the nearest `assets` beside the running executable or above it that
/// has it. Nothing where there is none.
std::optional<std::filesystem::path> find_asset(const std::filesystem::path& relative);

/// The same search from a folder of the caller's choice, without the environment.
std::optional<std::filesystem::path> find_asset_above(const std::filesystem::path& folder,
                                                      const std::filesystem::path& relative);

}  // namespace blue::runtime
