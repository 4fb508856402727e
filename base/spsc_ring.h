// SpscRing<T>: bounded hand-over between exactly one producing and one consuming thread, on
// Boost.Lockfree. push never blocks: a full ring refuses and counts the refusal. Depends on the
// standard library and Boost.Lockfree.
// Threads: one producer, one consumer; the counters may be read by any. Allocates in the
// constructor only.
#pragma once

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace blue {

template <class T>
requires std::is_trivially_copyable_v<T>
class SpscRing {
 public:
  using Value = T;

  /// `capacity` in elements, > 0.
  explicit SpscRing(std::size_t capacity) : queue_(capacity) {}
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  /// Producer. False, and one more dropped(), when the ring is full.
  bool push(const T& value) {
    if (queue_.push(value)) return true;
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  /// Consumer. False when empty.
  bool pop(T& value) { return queue_.pop(value); }

  /// Consumer. Hands every waiting element to `use` and returns how many.
  template <class Use>
  std::size_t drain(Use&& use) {
    return queue_.consume_all(use);
  }

  /// Consumer's view of how many wait.
  [[nodiscard]] std::size_t size() const { return queue_.read_available(); }
  /// Pushes refused since construction.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  boost::lockfree::spsc_queue<T> queue_;
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace blue
