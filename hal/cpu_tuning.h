// Tuning of the processor for the actors: pinning tried, the priority raised for the threads that
// the caller starts, the power governor read. Nothing outside this process is changed.
// Depends on base, hal/topology, hal/boot_report, hal/sysfs.
// Threads: a RaisedPriority is made and destroyed on one thread.
#pragma once

#include <utility>
#include <vector>

#include "hal/boot_report.h"
#include "hal/sysfs.h"
#include "hal/topology.h"

namespace blue::hal {

/// Whether the process may pin threads to the machine's cores.
BootItem try_pinning(const Topology& topology);

/// The power governor in use, and the remedy where it is not "performance".
BootItem describe_governor(const SystemRoots& roots);

/// The calling thread's niceness, raised until this dies. Threads started meanwhile inherit it and
/// keep it.
class RaisedPriority {
 public:
  /// Adds the item "priority". Requests nothing where `niceness` is 0, or where the thread's own is
  /// not 0: the user has chosen that.
  static RaisedPriority ask(int niceness, std::vector<BootItem>& items);
  RaisedPriority(RaisedPriority&& other) noexcept
      : thread_id_(std::exchange(other.thread_id_, 0)), before_(other.before_) {}
  RaisedPriority& operator=(RaisedPriority&&) = delete;
  ~RaisedPriority();

 private:
  RaisedPriority(int thread_id, int before) : thread_id_(thread_id), before_(before) {}
  int thread_id_ = 0;  ///< 0: nothing to put back
  int before_ = 0;
};

}  // namespace blue::hal
