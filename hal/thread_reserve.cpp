#include "hal/thread_reserve.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "hal/memory_limits.h"

namespace blue::hal {
namespace {

/// The kernel releases a thread's place in its counts a moment after pthread_join returns.
void wait_until_forgotten(pid_t thread) {
  const pid_t process = getpid();
  while (syscall(SYS_tgkill, process, thread, 0) == 0) sched_yield();
}

}  // namespace

struct ThreadReserve::State {
  struct Parked {
    pthread_t handle{};
    std::atomic<pid_t> id{0};
    const std::atomic<bool>* should_end = nullptr;
  };

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    should_end.store(true);
    should_end.notify_all();
    for (const auto& thread : threads) pthread_join(thread->handle, nullptr);
    for (const auto& thread : threads) wait_until_forgotten(thread->id.load());
  }

  /// 0, or an errno.
  int start_one() {
    auto parked = std::make_unique<Parked>();
    parked->should_end = &should_end;
    // Not std::thread: its constructor throws, and its stack size cannot be chosen.
    const int failure = pthread_create(&parked->handle, nullptr, &park, parked.get());
    if (failure == 0) threads.push_back(std::move(parked));
    return failure;
  }

  static void* park(void* of) {
    auto& self = *static_cast<Parked*>(of);
    self.id.store(static_cast<pid_t>(gettid()));
    self.should_end->wait(false);
    return nullptr;
  }

  std::atomic<bool> should_end{false};
  std::vector<std::unique_ptr<Parked>> threads;
};

ThreadReserve::ThreadReserve(ThreadReserve&&) noexcept = default;
ThreadReserve& ThreadReserve::operator=(ThreadReserve&&) noexcept = default;
ThreadReserve::~ThreadReserve() = default;

std::size_t ThreadReserve::size() const { return state_ ? state_->threads.size() : 0; }
void ThreadReserve::release() { state_.reset(); }

Result<ThreadReserve> ThreadReserve::take(std::size_t n) {
  ThreadReserve reserve;
  reserve.state_ = std::make_unique<State>();
  for (std::size_t i = 0; i < n; ++i) {
    const int failure = reserve.state_->start_one();
    if (failure == 0) continue;
    return Error(HalError::denied,
                 "threads: the system starts " + std::to_string(i) + " of the " +
                     std::to_string(n) + " that are needed (" + std::strerror(failure) +
                     "); raise the limit (`ulimit -u`, TasksMax= in a systemd unit, --pids-limit "
                     "in docker, `ulimit -v` where the address space is limited)");
  }
  return reserve;
}

Status can_start_threads(std::size_t n) {
  BLUE_TRY_ASSIGN(ThreadReserve reserve, ThreadReserve::take(n));
  reserve.release();
  return {};
}

Status size_thread_memory() {
  if (read_process_limits().address_space) mallopt(M_ARENA_MAX, 2);
  pthread_attr_t attributes;
  int failure = pthread_getattr_default_np(&attributes);
  if (failure == 0) {
    failure = pthread_attr_setstacksize(&attributes, kThreadStack.count);
    if (failure == 0) failure = pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
  }
  if (failure == 0) return {};
  return Error(HalError::denied, std::string("thread stacks: their size cannot be set (") +
                                     std::strerror(failure) + ")");
}

}  // namespace blue::hal
