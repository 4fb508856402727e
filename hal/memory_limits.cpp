#include "hal/memory_limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

namespace blue::hal {
namespace {

/// The kernel writes "unlimited" as a larger number (cgroup v1).
constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 60;

enum class GroupVersion : std::uint8_t { v1, v2 };

/// Where one hierarchy of memory groups is mounted, and the group of it that is visible there.
struct GroupMount {
  GroupVersion version = GroupVersion::v2;
  std::string folder;  ///< the mount point
  std::string root;    ///< the group that the mount point shows
};

/// "\040" for a blank: how the kernel escapes paths in mountinfo.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape =
        text[i] == '\\' && i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '3';
    if (!is_escape) {
      out += text[i];
      continue;
    }
    out +=
        static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return out;
}

/// The names between commas hold `name`.
bool lists(std::string_view comma_separated, std::string_view name) {
  while (!comma_separated.empty()) {
    const std::size_t comma = std::min(comma_separated.find(','), comma_separated.size());
    if (comma_separated.substr(0, comma) == name) return true;
    comma_separated.remove_prefix(std::min(comma + 1, comma_separated.size()));
  }
  return false;
}

/// A line of mountinfo, if it mounts memory groups:
/// "35 31 0:32 /docker/1 /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory".
std::optional<GroupMount> parse_mount(const std::string& line, const SystemRoots& roots) {
  std::istringstream words(line);
  std::string id;
  std::string parent;
  std::string device;
  std::string root;
  std::string folder;
  words >> id >> parent >> device >> root >> folder;
  std::string word;
  while (words >> word && word != "-") {
  }
  std::string type;
  std::string source;
  std::string options;
  words >> type >> source >> options;
  GroupMount mount;
  if (type == "cgroup" && lists(options, "memory"))
    mount.version = GroupVersion::v1;
  else if (type != "cgroup2")
    return std::nullopt;
  mount.root = unescape(root);
  mount.folder = unescape(folder);
  if (mount.folder.starts_with("/sys/")) mount.folder = roots.sys + mount.folder.substr(4);
  return mount;
}

/// The mounts of the memory groups. The usual places are looked at too: another mount may hide the
/// one that mountinfo names, and /proc may be absent.
std::vector<GroupMount> group_mounts(const SystemRoots& roots) {
  std::vector<GroupMount> mounts{
      {GroupVersion::v2, roots.sys + "/fs/cgroup", "/"},
      {GroupVersion::v1, roots.sys + "/fs/cgroup/memory", "/"},
  };
  std::istringstream lines(read_small_file(roots.proc + "/self/mountinfo").value_or(""));
  for (std::string line; std::getline(lines, line);)
    if (auto mount = parse_mount(line, roots)) mounts.push_back(std::move(*mount));
  return mounts;
}

/// The group of this process: "0::/path" (v2), "4:memory:/path" (v1, perhaps with more names).
std::string group_path(const std::string& membership, GroupVersion version) {
  std::istringstream lines(membership);
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view names = std::string_view(line).substr(first + 1, second - first - 1);
    const bool is_wanted =
        version == GroupVersion::v2 ? line.starts_with("0::") : lists(names, "memory");
    if (is_wanted) return line.substr(second + 1);
  }
  return "/";
}

/// `path` below the group that is mounted; "" where it is that group, or lies outside (a container
/// sees its own group as the root).
std::string below(const std::string& path, const std::string& root) {
  if (path.find("/..") != std::string::npos) return "";
  if (root == "/") return path == "/" ? "" : path;
  if (path == root || !path.starts_with(root + "/")) return "";
  return path.substr(root.size());
}

/// What of a group's memory the kernel takes back before it refuses: the page cache and such.
std::uint64_t reclaimable(const std::string& folder) {
  const std::string stat = read_small_file(folder + "/memory.stat").value_or("");
  std::uint64_t sum = 0;
  for (const char* name : {"inactive_file", "active_file", "slab_reclaimable"}) {
    // v1 counts a group's own pages alone under the plain name, those of its children too under
    // total_.
    const auto total = find_field(stat, std::string("total_") + name);
    sum += total ? *total : find_field(stat, name).value_or(0);
  }
  return sum;
}

void add_limit(std::vector<MemoryLimit>& limits, std::string name, std::uint64_t limit,
               std::uint64_t used) {
  if (limit >= kUnlimited) return;
  limits.push_back({std::move(name), {limit}, {limit - std::min(limit, used)}});
}

std::optional<std::uint64_t> read_size(const std::string& path) {
  const auto number = read_number(path);  // "max" is no number
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

/// The limits of one group, its memory in use counted once.
void add_group(std::vector<MemoryLimit>& limits, const GroupMount& mount, const std::string& path) {
  const std::string folder = mount.folder + path;
  const bool is_v2 = mount.version == GroupVersion::v2;
  const std::string group = "cgroup " + (path.empty() ? "/" : path);
  const auto used =
      read_size(folder + (is_v2 ? "/memory.current" : "/memory.usage_in_bytes")).value_or(0);
  const auto add = [&](const char* file, std::optional<std::uint64_t> limit) {
    if (!limit) return;
    add_limit(limits, group + " (" + file + ")", *limit,
              used - std::min(used, reclaimable(folder)));
  };
  if (is_v2) {
    add("memory.max", read_size(folder + "/memory.max"));
    add("memory.high", read_size(folder + "/memory.high"));  // beyond it the kernel slows us down
    return;
  }
  add("memory.limit_in_bytes", read_size(folder + "/memory.limit_in_bytes"));
  // The least of all ancestors, those outside of the container's view among them.
  add("memory.stat: hierarchical_memory_limit",
      find_field(read_small_file(folder + "/memory.stat").value_or(""),
                 "hierarchical_memory_limit"));
}

/// From the process's own group up to the one that is mounted: each may be the tightest.
void add_groups(std::vector<MemoryLimit>& limits, const SystemRoots& roots) {
  const std::string membership = read_small_file(roots.proc + "/self/cgroup").value_or("");
  std::vector<std::string> seen;
  for (const GroupMount& mount : group_mounts(roots)) {
    std::string path = below(group_path(membership, mount.version), mount.root);
    while (true) {
      if (std::find(seen.begin(), seen.end(), mount.folder + path) == seen.end()) {
        seen.push_back(mount.folder + path);
        add_group(limits, mount, path);
      }
      if (path.empty()) break;
      path.resize(std::min(path.rfind('/'), path.size()));
    }
  }
}

/// Of /proc/self/statm, in bytes: all mapped, and what counts as data and stack.
struct MappedSizes {
  std::uint64_t all = 0;
  std::uint64_t data = 0;
};

MappedSizes read_mapped_sizes(const SystemRoots& roots) {
  std::istringstream words(read_small_file(roots.proc + "/self/statm").value_or(""));
  std::uint64_t field[6] = {};
  for (std::uint64_t& value : field) words >> value;
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  if (field[0] > 0) return {field[0] * page, field[5] * page};
  // Without /proc, what has been resident at most is the best figure that there is.
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const std::uint64_t resident = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return {resident, resident};
}

/// vm.overcommit_memory=2: the kernel refuses to map more than it can back.
void add_commit_limit(std::vector<MemoryLimit>& limits, const SystemRoots& roots) {
  if (read_number(roots.proc + "/sys/vm/overcommit_memory") != 2) return;
  const std::string meminfo = read_small_file(roots.proc + "/meminfo").value_or("");
  const auto limit = find_field(meminfo, "CommitLimit:");
  if (!limit) return;
  add_limit(limits, "strict overcommit (vm.overcommit_memory=2)", *limit,
            find_field(meminfo, "Committed_AS:").value_or(0));
}

std::optional<Bytes> soft_limit(decltype(RLIMIT_AS) resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return Bytes{limit.rlim_cur};
}

}  // namespace

std::optional<std::uint64_t> find_field(const std::string& text, std::string_view name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name) || line.size() == name.size()) continue;
    if (line[name.size()] != ' ' && line[name.size()] != '\t') continue;
    const auto number = parse_number(std::string_view(line).substr(name.size()));
    if (!number || *number < 0) continue;
    return static_cast<std::uint64_t>(*number) * (line.ends_with("kB") ? 1024 : 1);
  }
  return std::nullopt;
}

ProcessLimits read_process_limits() {
  return {soft_limit(RLIMIT_AS), soft_limit(RLIMIT_DATA), soft_limit(RLIMIT_MEMLOCK)};
}

std::vector<MemoryLimit> read_memory_limits(const SystemRoots& roots,
                                            const ProcessLimits& process) {
  std::vector<MemoryLimit> limits;
  add_groups(limits, roots);
  const MappedSizes mapped = read_mapped_sizes(roots);
  if (process.address_space)
    add_limit(limits, "RLIMIT_AS (ulimit -v)", process.address_space->count, mapped.all);
  if (process.data) add_limit(limits, "RLIMIT_DATA (ulimit -d)", process.data->count, mapped.data);
  add_commit_limit(limits, roots);
  return limits;
}

}  // namespace blue::hal
