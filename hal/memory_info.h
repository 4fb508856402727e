// What the machine says about its memory: how much, how much of it is free for us, huge pages, the
// page-lock limit. Depends on base and hal/sysfs. Value types; any thread. Reading takes well under
// a millisecond.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "hal/hal_error.h"
#include "hal/sysfs.h"

namespace blue::hal {

/// How the kernel gives 2 MiB pages to ordinary memory.
enum class TransparentHuge : std::uint8_t { absent, never, on_request, always };

struct MemoryInfo {
  Bytes total;      ///< of the machine
  Bytes available;  ///< that can be taken without swapping, the cgroup's limit considered
  std::optional<Bytes> cgroup_limit;  ///< memory.max of the nearest group that has one
  Bytes huge_page_size;               ///< 0 where there are none
  std::uint64_t n_huge_pages_free = 0;
  TransparentHuge transparent_huge = TransparentHuge::absent;
  std::optional<Bytes>
      page_lock_limit;  ///< RLIMIT_MEMLOCK of this process; nothing when unlimited (also by privilege)
};

/// Errors: absent when /proc/meminfo cannot be read.
Result<MemoryInfo> read_memory_info(const SystemRoots& roots = {});

}  // namespace blue::hal
