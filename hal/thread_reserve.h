// Threads may be refused (pids.max, TasksMax=, ulimit -u). ThreadReserve finds out beforehand, so
// that code whose threads cannot fail (the actor library's) starts none that would;
// threads' stacks and heaps get sizes that fit the process's limits.
// Depends on base and hal_error. Threads: any; a ThreadReserve belongs to one owner.
// Lifetime: a reserve parks its threads until its destructor, which returns when they have ended,
// in the kernel's counts too.
#pragma once

#include <cstddef>
#include <memory>

#include "base/result.h"
#include "base/units.h"
#include "hal/hal_error.h"

namespace blue::hal {

/// The stack of every thread that starts after size_thread_memory().
inline constexpr Bytes kThreadStack = 2_MiB;

/// Gives threads started from now on a stack of kThreadStack, whatever RLIMIT_STACK is: a small
/// limit overflows them, a large one uses up the address space. Where the address space is limited
/// (RLIMIT_AS), all threads share two heaps: the C library sets 64 MiB of it aside for each.
/// Errors: denied; threads then have stacks as RLIMIT_STACK says.
Status size_thread_memory();

class ThreadReserve {
 public:
  ThreadReserve() = default;
  /// Starts `n` sleeping threads. Errors: denied, with the number started and the limit to raise.
  static Result<ThreadReserve> take(std::size_t n);
  ThreadReserve(ThreadReserve&&) noexcept;
  ThreadReserve& operator=(ThreadReserve&&) noexcept;
  ~ThreadReserve();

  [[nodiscard]] std::size_t size() const;
  /// Ends the threads, so that as many others can start.
  void release();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether `n` threads can be started now: takes and releases a reserve.
/// Errors: as ThreadReserve::take.
Status can_start_threads(std::size_t n);

}  // namespace blue::hal
