// Where a thread may run: pinning to cores with the old mask restored, reading the mask back,
// naming the thread. Depends on base and hal_error. Everything acts on the calling thread; a
// ThreadPin must die on the thread that made it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "hal/hal_error.h"

namespace blue::hal {

/// The operating system's CPU numbers that the calling thread may run on, ascending: what
/// /proc/self/task/TID/status shows as Cpus_allowed_list. Errors: denied.
Result<std::vector<int>> current_affinity();

/// The CPU that the calling thread runs on at this moment.
int current_cpu();

/// Gives the calling thread a name for ps, gdb and traces; the kernel keeps the first 15 bytes.
/// Errors: denied.
Status name_thread(std::string_view name);
std::string thread_name();

/// Keeps the calling thread on given CPUs until it dies, then puts the mask back that it found.
class ThreadPin {
 public:
  /// One CPU, by the operating system's number (Core::pus). The mask was read back and is what was
  /// asked for.
  /// Errors: bad_argument (no such CPU here, or offline), denied (a cpuset or a seccomp filter
  /// forbids it).
  static Result<ThreadPin> to_cpu(int cpu);
  /// Any of several, for example both hardware threads of one core. Errors: as above; an empty list
  /// is bad_argument.
  static Result<ThreadPin> to_cpus(std::span<const int> cpus);

  ThreadPin(ThreadPin&& other) noexcept;
  ThreadPin& operator=(ThreadPin&&) = delete;
  ~ThreadPin();

  /// The CPUs it holds the thread to.
  [[nodiscard]] const std::vector<int>& cpus() const { return cpus_; }
  /// Leaves the thread pinned for the rest of its life: for threads that end with their work.
  void keep() { should_restore_ = false; }

 private:
  ThreadPin(std::vector<int> cpus, std::vector<int> before);

  std::vector<int> cpus_;
  std::vector<int> before_;
  int thread_id_ = 0;
  bool should_restore_ = true;
};

}  // namespace blue::hal
