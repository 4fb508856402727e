// Mutex, its locks and ConditionVariable: std::mutex and its company with Clang's thread-safety
// annotations, so that a guarded member that is touched without its lock fails the check
// (tools/check_thread_safety.py). GCC compiles the annotations to nothing.
// Depends on the standard library alone. Threads: any. A mutex outlives its locks.
//   Mutex mutex_;
//   std::map<...> jobs_ BLUE_GUARDED_BY(mutex_);
//   void drop_all() BLUE_REQUIRES(mutex_);
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#ifdef __clang__
#define BLUE_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define BLUE_THREAD_ANNOTATION(x)
#endif

#define BLUE_CAPABILITY(x) BLUE_THREAD_ANNOTATION(capability(x))
#define BLUE_SCOPED_CAPABILITY BLUE_THREAD_ANNOTATION(scoped_lockable)
#define BLUE_GUARDED_BY(x) BLUE_THREAD_ANNOTATION(guarded_by(x))
#define BLUE_PT_GUARDED_BY(x) BLUE_THREAD_ANNOTATION(pt_guarded_by(x))
#define BLUE_REQUIRES(...) BLUE_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define BLUE_EXCLUDES(...) BLUE_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define BLUE_ACQUIRE(...) BLUE_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define BLUE_TRY_ACQUIRE(...) BLUE_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define BLUE_RELEASE(...) BLUE_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define BLUE_NO_THREAD_SAFETY_ANALYSIS BLUE_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace blue {

class BLUE_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() BLUE_ACQUIRE() { mutex_.lock(); }
  void unlock() BLUE_RELEASE() { mutex_.unlock(); }
  [[nodiscard]] bool try_lock() BLUE_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class ConditionVariable;
  std::mutex mutex_;
};

/// Holds a mutex for the length of a scope.
class BLUE_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) BLUE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() BLUE_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// A lock that one call takes and another releases; not held at first. The analysis does not
/// follow it: for mutexes that guard no member, such as a turn.
class UniqueLock {
 public:
  explicit UniqueLock(Mutex& mutex) : mutex_(mutex) {}
  ~UniqueLock() {
    if (is_held_) unlock();
  }
  UniqueLock(const UniqueLock&) = delete;
  UniqueLock& operator=(const UniqueLock&) = delete;

  void lock() BLUE_NO_THREAD_SAFETY_ANALYSIS {
    mutex_.lock();
    is_held_ = true;
  }
  void unlock() BLUE_NO_THREAD_SAFETY_ANALYSIS {
    is_held_ = false;
    mutex_.unlock();
  }
  [[nodiscard]] bool is_held() const { return is_held_; }

 private:
  Mutex& mutex_;
  bool is_held_ = false;
};

/// Waits take the mutex held and give it back held, and may return without a cause: loop over the
/// condition. (No predicates: the analysis does not see that a lambda runs under the lock.)
class ConditionVariable {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  void wait(Mutex& mutex) BLUE_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  /// False when `deadline` is over.
  [[nodiscard]] bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      BLUE_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const std::cv_status status = condition_.wait_until(lock, deadline);
    lock.release();
    return status == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable condition_;
};

}  // namespace blue
