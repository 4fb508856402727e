#include "hal/cpu_tuning.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "hal/affinity.h"

namespace blue::hal {
namespace {

/// One write(2), as sysfs requires; 0 or an errno.
int write_setting(const std::string& path, const std::string& value) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const ssize_t n_written = ::write(descriptor, value.data(), value.size());
  const int failure = n_written < 0 ? errno : 0;
  ::close(descriptor);
  return failure;
}

/// One mask of all cores shows what the cpuset allows without moving anywhere; only if it is
/// refused does each core get tried, which on a busy machine waits for a turn on every one.
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

struct SettingsOutcome {
  std::size_t n_changed = 0;
  std::size_t n_refused = 0;
  std::string refusal;
};

SettingsOutcome change_all(const std::vector<std::string>& paths, const std::string& value,
                           std::vector<ChangedSetting>& changed) {
  SettingsOutcome outcome;
  for (const std::string& path : paths) {
    auto setting = ChangedSetting::change(path, value);
    if (setting) {
      ++outcome.n_changed;
      changed.push_back(std::move(setting).value());
    } else {
      ++outcome.n_refused;
      outcome.refusal = setting.error().message();
    }
  }
  return outcome;
}

BootItem shape_governor(const TuningRequest& request, std::vector<ChangedSetting>& changed) {
  const std::string folder = request.roots.sys + "/devices/system/cpu/cpufreq";
  std::vector<std::string> paths;
  std::vector<std::string> others;  // governors in use that are not "performance"
  for (const std::string& policy : list_directory(folder)) {
    const std::string path = folder + "/" + policy + "/scaling_governor";
    const auto governor = read_first_line(path);
    if (!governor) continue;
    paths.push_back(path);
    if (*governor != "performance" &&
        std::find(others.begin(), others.end(), *governor) == others.end())
      others.push_back(*governor);
  }
  if (paths.empty())
    return {"power governor", Outcome::absent,
            "no cpufreq here: the firmware or the hypervisor keeps the clock", ""};
  if (others.empty())
    return {"power governor", Outcome::granted, "already performance on every core", ""};
  if (request.scope == Tuning::process_only)
    return {"power governor", Outcome::skipped,
            "is " + others.front() + ", a setting of the whole machine, left alone",
            "ask for machine-wide tuning, or run `cpupower frequency-set -g performance` as root"};
  const SettingsOutcome outcome = change_all(paths, "performance", changed);
  if (outcome.n_refused > 0)
    return {"power governor", Outcome::denied, outcome.refusal,
            "run `cpupower frequency-set -g performance` as root"};
  return {"power governor", Outcome::granted,
          "performance instead of " + others.front() + ", put back on exit", ""};
}

BootItem shape_interrupts(const TuningRequest& request, const Topology& topology,
                          std::vector<ChangedSetting>& changed) {
  std::vector<int> cpus;
  for (const Core* core : topology.cores_of(CoreKind::efficiency))
    cpus.insert(cpus.end(), core->pus.begin(), core->pus.end());
  if (cpus.empty())
    return {"interrupts", Outcome::absent,
            "one kind of core: there are no others to move interrupts to", ""};
  const std::string list = cpu_list_text(cpus);
  if (request.scope == Tuning::process_only)
    return {"interrupts", Outcome::skipped,
            "may run on any core, a setting of the whole machine, left alone",
            "ask for machine-wide tuning (as root) to keep them on the efficiency cores " + list};
  const std::string folder = request.roots.proc + "/irq";
  std::vector<std::string> paths;
  for (const std::string& irq : list_directory(folder))
    if (const std::string path = folder + "/" + irq + "/smp_affinity_list"; read_first_line(path))
      paths.push_back(path);
  if (paths.empty()) return {"interrupts", Outcome::absent, folder + ": lists none", ""};
  const SettingsOutcome outcome = change_all(paths, list, changed);
  if (outcome.n_changed == 0)
    return {"interrupts", Outcome::denied, outcome.refusal,
            "run as root, or stop irqbalance and set them once"};
  // Drivers that spread their queues over all cores (NVMe) keep their interrupts where they are: no
  // fault of ours.
  return {"interrupts", Outcome::granted,
          std::to_string(outcome.n_changed) + " of " + std::to_string(paths.size()) +
              " kept to the efficiency cores " + list +
              ", put back on exit; the rest belong to their drivers",
          ""};
}

}  // namespace

Result<ChangedSetting> ChangedSetting::change(const std::string& path, const std::string& value) {
  const auto before = read_first_line(path);
  if (!before) return Error(HalError::absent, path + ": no such setting");
  if (*before == value) return ChangedSetting("", "");
  if (const int failure = write_setting(path, value); failure != 0)
    return Error(HalError::denied,
                 path + ": cannot be set to " + value + ": " + std::strerror(failure));
  return ChangedSetting(path, *before);
}

ChangedSetting::~ChangedSetting() {
  // A refusal now (the CPU went offline) cannot be reported any more.
  if (!path_.empty()) static_cast<void>(write_setting(path_, before_));
}

Result<ChangedPriority> ChangedPriority::change(int niceness) {
  const int thread_id = gettid();
  errno = 0;
  const int before = getpriority(PRIO_PROCESS, static_cast<id_t>(thread_id));
  if (errno != 0 || setpriority(PRIO_PROCESS, static_cast<id_t>(thread_id), niceness) != 0)
    return Error(HalError::denied,
                 "niceness " + std::to_string(niceness) + " refused: " + std::strerror(errno) +
                     "; allow it (`ulimit -e`, LimitNICE= in a systemd unit, CAP_SYS_NICE)");
  return ChangedPriority(thread_id, before);
}

ChangedPriority::~ChangedPriority() {
  if (thread_id_ != 0) setpriority(PRIO_PROCESS, static_cast<id_t>(thread_id_), before_);
}

CpuTuning CpuTuning::apply(const TuningRequest& request, const Topology& topology,
                           std::vector<BootItem>& items) {
  CpuTuning tuning;
  items.push_back(try_pinning(topology));
  if (request.niceness != 0) {
    auto priority = ChangedPriority::change(request.niceness);
    if (priority) {
      tuning.priority_.push_back(std::move(priority).value());
      items.push_back({"priority", Outcome::granted,
                       "niceness " + std::to_string(request.niceness) + ", put back on exit", ""});
    } else {
      items.push_back(item_of("priority", priority.error()));
    }
  } else {
    items.push_back({"priority", Outcome::skipped, "not asked for", ""});
  }
  items.push_back(shape_interrupts(request, topology, tuning.settings_));
  items.push_back(shape_governor(request, tuning.settings_));
  return tuning;
}

std::string cpu_list_text(const std::vector<int>& cpus) {
  std::vector<int> sorted = cpus;
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t last = first;
    while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(sorted[first]);
    if (last > first) text += "-" + std::to_string(sorted[last]);
    first = last + 1;
  }
  return text;
}

}  // namespace blue::hal
