// Tuning of the processor for the actors: pinning tried, priority raised, and, only when asked for
// the whole machine, interrupts moved away and the power governor set. What was changed is put back
// when the object dies. Depends on base, hal/topology, hal/boot_report, hal/sysfs.
// Threads: made and destroyed on one thread, the one that starts the actors (they inherit its
// priority). A program that is killed outright (SIGKILL) puts nothing back; machine-wide settings
// then last until a reboot.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "hal/boot_report.h"
#include "hal/sysfs.h"
#include "hal/topology.h"

namespace blue::hal {

enum class Tuning : std::uint8_t {
  process_only,  ///< nothing outside this process is changed
  machine_wide,  ///< the governor and the interrupts' affinities too, until the object dies
};

struct TuningRequest {
  Tuning scope = Tuning::process_only;
  int niceness = -5;  ///< of the calling thread and those it starts; 0 asks for nothing
  SystemRoots roots;
};

/// A one-line kernel setting that was changed and is put back when this dies.
class ChangedSetting {
 public:
  /// Errors: absent (no such file), denied (the message names it). A setting that has the value
  /// already is not touched.
  static Result<ChangedSetting> change(const std::string& path, const std::string& value);
  ChangedSetting(ChangedSetting&& other) noexcept
      : path_(std::exchange(other.path_, {})), before_(std::move(other.before_)) {}
  ChangedSetting& operator=(ChangedSetting&&) = delete;
  ~ChangedSetting();

 private:
  ChangedSetting(std::string path, std::string before)
      : path_(std::move(path)), before_(std::move(before)) {}
  std::string path_;  ///< empty where there is nothing to put back
  std::string before_;
};

/// The calling thread's niceness, changed until this dies.
class ChangedPriority {
 public:
  /// Errors: denied, with the remedy.
  static Result<ChangedPriority> change(int niceness);
  ChangedPriority(ChangedPriority&& other) noexcept
      : thread_id_(std::exchange(other.thread_id_, 0)), before_(other.before_) {}
  ChangedPriority& operator=(ChangedPriority&&) = delete;
  ~ChangedPriority();

 private:
  ChangedPriority(int thread_id, int before) : thread_id_(thread_id), before_(before) {}
  int thread_id_ = 0;
  int before_ = 0;
};

class CpuTuning {
 public:
  /// Asks for everything in `request` and adds an item for each to `items`; refusals are items, not
  /// errors.
  static CpuTuning apply(const TuningRequest& request, const Topology& topology,
                         std::vector<BootItem>& items);

 private:
  std::vector<ChangedPriority> priority_;  ///< none or one
  std::vector<ChangedSetting> settings_;
};

/// "0-3,8": the kernel's notation of a list of CPUs.
std::string cpu_list_text(const std::vector<int>& cpus);

}  // namespace blue::hal
