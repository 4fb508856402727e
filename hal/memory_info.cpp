#include "hal/memory_info.h"

#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace blue::hal {
namespace {

/// "MemTotal:  24684100 kB" per line; plain counts (HugePages_Free) have no unit.
std::map<std::string, std::uint64_t, std::less<>> parse_meminfo(const std::string& text) {
  std::map<std::string, std::uint64_t, std::less<>> fields;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto number = parse_number(std::string_view(line).substr(colon + 1));
    if (!number || *number < 0) continue;
    const std::uint64_t unit = line.ends_with("kB") ? 1024 : 1;
    fields[line.substr(0, colon)] = static_cast<std::uint64_t>(*number) * unit;
  }
  return fields;
}

/// The memory group of this process: the v2 line "0::/path".
std::string cgroup_path(const SystemRoots& roots) {
  std::istringstream lines(read_small_file(roots.proc + "/self/cgroup").value_or(""));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("0::")) return line.substr(3);
  return "/";
}

struct GroupMemory {
  Bytes limit;
  Bytes used;
};

/// The tightest limit on the way from the process's group to the root; inside a container the path
/// may not be visible, and the root is then the container's own group.
std::optional<GroupMemory> read_group_memory(const SystemRoots& roots) {
  std::optional<GroupMemory> tightest;
  std::string path = cgroup_path(roots);
  while (true) {
    const std::string folder = roots.sys + "/fs/cgroup" + (path == "/" ? "" : path);
    const auto limit = read_number(folder + "/memory.max");  // "max" is no number
    if (limit && *limit >= 0 &&
        (!tightest || static_cast<std::uint64_t>(*limit) < tightest->limit.count)) {
      const auto used =
          std::max<std::int64_t>(read_number(folder + "/memory.current").value_or(0), 0);
      tightest =
          GroupMemory{{static_cast<std::uint64_t>(*limit)}, {static_cast<std::uint64_t>(used)}};
    }
    const auto slash = path.rfind('/');
    if (path == "/" || slash == std::string::npos) return tightest;
    path = slash == 0 ? "/" : path.substr(0, slash);
  }
}

TransparentHuge read_transparent_huge(const SystemRoots& roots) {
  const auto line = read_first_line(roots.sys + "/kernel/mm/transparent_hugepage/enabled");
  if (!line) return TransparentHuge::absent;
  if (line->find("[always]") != std::string::npos) return TransparentHuge::always;
  if (line->find("[madvise]") != std::string::npos) return TransparentHuge::on_request;
  return TransparentHuge::never;
}

/// CAP_IPC_LOCK lifts the limit; it is bit 14 of CapEff.
bool may_lock_without_limit(const SystemRoots& roots) {
  std::istringstream lines(read_small_file(roots.proc + "/self/status").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("CapEff:")) continue;
    const auto digits = line.find_first_not_of(" \t", 7);
    if (digits == std::string::npos) return false;
    const auto mask = parse_number("0x" + line.substr(digits));
    return mask && (*mask >> 14 & 1) != 0;
  }
  return false;
}

std::optional<Bytes> read_page_lock_limit(const SystemRoots& roots) {
  if (may_lock_without_limit(roots)) return std::nullopt;
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return std::nullopt;
  return Bytes{limit.rlim_cur};
}

}  // namespace

Result<MemoryInfo> read_memory_info(const SystemRoots& roots) {
  const auto text = read_small_file(roots.proc + "/meminfo");
  if (!text)
    return Error(HalError::absent,
                 roots.proc + "/meminfo: cannot be read; check that /proc is mounted");
  const auto fields = parse_meminfo(*text);
  const auto field = [&fields](std::string_view name) {
    const auto found = fields.find(name);
    return found != fields.end() ? found->second : 0;
  };
  MemoryInfo info;
  info.total = {field("MemTotal")};
  info.available = {field("MemAvailable")};
  info.huge_page_size = {field("Hugepagesize")};
  info.n_huge_pages_free =
      field("HugePages_Free") - std::min(field("HugePages_Rsvd"), field("HugePages_Free"));
  info.transparent_huge = read_transparent_huge(roots);
  info.page_lock_limit = read_page_lock_limit(roots);
  if (const auto group = read_group_memory(roots)) {
    info.cgroup_limit = group->limit;
    const Bytes left = group->limit - std::min(group->limit, group->used);
    info.available = std::min(info.available, left);
  }
  return info;
}

}  // namespace blue::hal
