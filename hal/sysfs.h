// Small reads of /sys and /proc: one-line files, numbers, directory listings. Roots are parameters
// everywhere, so that tests build a machine out of plain files. Depends on the standard library
// alone. Free functions without state; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blue::hal {

/// The roots of the kernel's views of the machine.
struct SystemRoots {
  std::string sys = "/sys";
  std::string proc = "/proc";
};

/// The first line without its newline and trailing blanks; nothing where the file is absent or
/// unreadable.
std::optional<std::string> read_first_line(const std::string& path);
/// The whole file (a small one: at most 1 MiB is read).
std::optional<std::string> read_small_file(const std::string& path);
/// A number in C notation ("-1", "0x10de", "2048").
std::optional<std::int64_t> read_number(const std::string& path);
std::optional<std::int64_t> parse_number(std::string_view text);

/// The names in a directory, sorted; empty where it is absent.
std::vector<std::string> list_directory(const std::string& path);
/// The path with links resolved; nothing where it does not exist.
std::optional<std::string> resolve_path(const std::string& path);

/// The names between the slashes: "/a/b/c" -> {"a", "b", "c"}.
std::vector<std::string> split_path(std::string_view path);

}  // namespace blue::hal
