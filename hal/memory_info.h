// The machine's memory: how much there is, how much of it this process can take and which limit
// binds, huge pages, the page-lock limit. Depends on base, hal/{sysfs,memory_limits}. Value types;
// any thread. Reading takes well under a millisecond.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "hal/hal_error.h"
#include "hal/memory_limits.h"
#include "hal/sysfs.h"

namespace blue::hal {

/// How the kernel gives 2 MiB pages to ordinary memory.
enum class TransparentHuge : std::uint8_t { absent, never, on_request, always };

struct MemoryInfo {
  Bytes total;      ///< of the machine
  Bytes available;  ///< what this process can take without swapping, every limit considered
  Bytes most;       ///< what it could take on an idle machine: the smallest limit, or `total`
  std::optional<MemoryLimit> bound;  ///< the limit that leaves least; nothing: the machine does
  Bytes huge_page_size;              ///< 0 where there are none
  std::uint64_t n_huge_pages_free = 0;
  TransparentHuge transparent_huge = TransparentHuge::absent;
  std::optional<Bytes> page_lock_limit;  ///< nothing when unlimited (also by privilege)
  std::string missing;                   ///< what could not be read; else empty
};

/// "5.8 GiB, bound by cgroup /user.slice (memory.max) of 6.0 GiB"; for people.
[[nodiscard]] std::string to_text(const MemoryInfo& memory);

/// Without /proc the figures are those of sysinfo(2), and `missing` is set.
/// Errors: absent when the kernel gives no figures at all.
Result<MemoryInfo> read_memory_info(const SystemRoots& roots = {},
                                    const ProcessLimits& process = read_process_limits());

}  // namespace blue::hal
