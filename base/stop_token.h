// StopFlag and StopToken: stop running work without a message. The owner raises the
// flag; work in flight reads its token between ops or graph launches. A generation counter, so that
// a stop meant for one piece of work never reaches the next one. Depends on the standard library
// alone.
// Threads: raise() from any thread; a token is read by the thread that works. The flag outlives its
// tokens.
#pragma once

#include <atomic>
#include <cstdint>

namespace blue {

class StopFlag {
 public:
  /// Stops all work that holds a token of the present generation.
  void raise() { generation_.fetch_add(1, std::memory_order_release); }

 private:
  friend class StopToken;
  std::atomic<std::uint32_t> generation_{0};
};

class StopToken {
 public:
  /// Never stops.
  StopToken() = default;
  explicit StopToken(const StopFlag& flag)
      : flag_(&flag), generation_(flag.generation_.load(std::memory_order_acquire)) {}

  [[nodiscard]] bool is_stopped() const {
    return flag_ != nullptr && flag_->generation_.load(std::memory_order_acquire) != generation_;
  }

 private:
  const StopFlag* flag_ = nullptr;
  std::uint32_t generation_ = 0;
};

}  // namespace blue
