#include "hal/cpu_tuning.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "hal/affinity.h"

namespace blue::hal {

/// One mask of all cores shows what the cpuset allows without moving anywhere; only if it is
/// refused is each core tried, which on a busy machine waits for a turn on every one.
BootItem try_pinning(const Topology& topology) {
  std::vector<int> cpus;
  for (const Core& core : topology.cores) cpus.push_back(core.pus.front());
  const std::string n_cores = std::to_string(cpus.size());
  const auto whole = ThreadPin::to_cpus(cpus);
  if (whole)
    return {"pinning", Outcome::granted, "all " + n_cores + " cores take a pinned thread", ""};
  std::size_t n_granted = 0;
  for (const int cpu : cpus) n_granted += ThreadPin::to_cpu(cpu).ok() ? 1 : 0;
  BootItem item = item_of("pinning", whole.error());
  item.outcome = n_granted > 0 ? Outcome::granted : Outcome::denied;
  item.detail = std::to_string(n_granted) + " of " + n_cores + " cores take a pinned thread (" +
                item.detail + ")";
  return item;
}

BootItem describe_governor(const SystemRoots& roots) {
  const std::string folder = roots.sys + "/devices/system/cpu/cpufreq";
  bool has_policy = false;
  std::string other;  // the first governor in use that is not "performance"
  for (const std::string& policy : list_directory(folder)) {
    const auto governor = read_first_line(folder + "/" + policy + "/scaling_governor");
    if (!governor) continue;
    has_policy = true;
    if (*governor != "performance" && other.empty()) other = *governor;
  }
  if (!has_policy)
    return {"power governor", Outcome::absent,
            "no cpufreq here: the firmware or the hypervisor keeps the clock", ""};
  if (other.empty()) return {"power governor", Outcome::granted, "performance on every core", ""};
  return {"power governor", Outcome::skipped,
          "is " + other + ", a setting of the whole machine, left alone",
          "run `cpupower frequency-set -g performance` as root"};
}

RaisedPriority RaisedPriority::ask(int niceness, std::vector<BootItem>& items) {
  const int thread_id = gettid();
  errno = 0;
  const int before = getpriority(PRIO_PROCESS, static_cast<id_t>(thread_id));
  const bool is_known = errno == 0;
  if (niceness == 0) {
    items.push_back({"priority", Outcome::skipped, "not asked for", ""});
    return {0, 0};
  }
  if (is_known && before != 0) {
    items.push_back({"priority", Outcome::skipped,
                     "niceness " + std::to_string(before) + " was chosen outside and is kept", ""});
    return {0, 0};
  }
  if (!is_known || setpriority(PRIO_PROCESS, static_cast<id_t>(thread_id), niceness) != 0) {
    items.push_back({"priority", Outcome::denied,
                     "niceness " + std::to_string(niceness) + " refused: " + std::strerror(errno),
                     "allow it (`ulimit -e`, LimitNICE= in a systemd unit, CAP_SYS_NICE)"});
    return {0, 0};
  }
  items.push_back({"priority", Outcome::granted,
                   "niceness " + std::to_string(niceness) + " for the runtime's threads", ""});
  return {thread_id, before};
}

RaisedPriority::~RaisedPriority() {
  if (thread_id_ != 0) setpriority(PRIO_PROCESS, static_cast<id_t>(thread_id_), before_);
}

}  // namespace blue::hal
