#include "hal/thread_reserve.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "hal/sysfs.h"

namespace blue::hal {
namespace {

/// Runs `body` in a process of a user of its own (root's threads are not limited) that may have
/// `n_threads`; returns its exit status. Only root can make one.
template <class Body>
int in_limited_process(rlim_t n_threads, Body body) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit limit{n_threads, n_threads};
    if (setrlimit(RLIMIT_NPROC, &limit) != 0) _exit(100);
    if (setgid(54329) != 0 || setuid(54329) != 0) _exit(101);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a reserve holds as many threads as it says and lets all of them go") {
  const auto n_threads = [] { return list_directory("/proc/self/task").size(); };
  const std::size_t n_before = n_threads();
  auto reserve = ThreadReserve::take(5);
  REQUIRE(reserve.ok());
  CHECK(reserve->size() == 5);
  CHECK(n_threads() == n_before + 5);
  reserve->release();
  CHECK(reserve->size() == 0);
  CHECK(n_threads() == n_before);
}

TEST_CASE("refused threads are an error that says how many there were, and those are gone") {
  if (getuid() != 0) SKIP("other processes of this user count too");
  CHECK(in_limited_process(4, [] {
          const auto refused = ThreadReserve::take(9);
          if (refused.ok() || !refused.error().is(HalError::denied)) return 1;
          if (refused.error().message().find("starts 3 of the 9") == std::string::npos) return 2;
          // Not one place was lost: as many as before can be started at once, time after time.
          for (int i = 0; i < 100; ++i)
            if (!can_start_threads(3)) return 3;
          return can_start_threads(4).ok() ? 4 : 0;
        }) == 0);
}

TEST_CASE("a thread has its full stack where the limit of the stack is small") {
  const pid_t child = fork();
  if (child == 0) {
    // What the C library takes from `ulimit -s 64` when the process starts.
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    if (pthread_setattr_default_np(&small) != 0) _exit(1);
    if (!size_thread_memory()) _exit(2);
    std::thread([] {
      volatile char deep[1500 * 1024];
      for (std::size_t i = 0; i < sizeof deep; i += 4096) deep[i] = 1;
    }).join();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace blue::hal
