// The limits that the kernel sets on this process's memory: control groups (v1 and v2, nested),
// RLIMIT_AS, RLIMIT_DATA, strict overcommit. Each carries how much of it is left; the page cache is
// reclaimable and does not count as used.
// Depends on base and hal/sysfs. Value types; any thread. Reading takes well under a millisecond.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "hal/sysfs.h"

namespace blue::hal {

struct MemoryLimit {
  std::string name;  ///< "cgroup /user.slice (memory.max)", "RLIMIT_AS (ulimit -v)"
  Bytes limit;
  Bytes available;  ///< of the limit, what the process can still take
};

/// The resource limits of this process that concern memory; nothing where unlimited.
struct ProcessLimits {
  std::optional<Bytes> address_space;  ///< RLIMIT_AS
  std::optional<Bytes> data;           ///< RLIMIT_DATA
  std::optional<Bytes> page_lock;      ///< RLIMIT_MEMLOCK
};
[[nodiscard]] ProcessLimits read_process_limits();

/// Every limit found, in no particular order; empty where nothing is limited.
[[nodiscard]] std::vector<MemoryLimit> read_memory_limits(const SystemRoots& roots,
                                                          const ProcessLimits& process);

/// The fields of a file of "Name:  123 kB" lines in bytes (/proc/meminfo), or "name 123" lines
/// (memory.stat); nothing where `name` is absent.
[[nodiscard]] std::optional<std::uint64_t> find_field(const std::string& text,
                                                      std::string_view name);

}  // namespace blue::hal
