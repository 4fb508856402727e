// A budget of bytes that several owners draw on: reserve before taking memory, release after giving
// it back.
// Depends on base and hal_error. Threads: all of it from any thread, lock-free. A budget outlives
// its reservations.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/units.h"
#include "hal/hal_error.h"

namespace blue::hal {

class MemoryBudget {
 public:
  /// `name` is used in messages: "page-locked memory".
  MemoryBudget(std::string name, Bytes limit) : name_(std::move(name)), limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// Takes `size` out of the budget, whole or not at all. `purpose` names the taker in the message.
  /// Errors: out_of_memory, with what is left and the purpose.
  Status reserve(Bytes size, std::string_view purpose);
  /// Releases reserved bytes; more than were reserved is a bug.
  void release(Bytes size);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Bytes limit() const { return limit_; }
  [[nodiscard]] Bytes used() const { return {used_.load(std::memory_order_relaxed)}; }
  [[nodiscard]] Bytes available() const { return limit_ - used(); }

 private:
  const std::string name_;
  const Bytes limit_;
  std::atomic<std::uint64_t> used_{0};
};

/// A share of a budget, released by the destructor.
class Reservation {
 public:
  Reservation() = default;
  /// Errors: those of MemoryBudget::reserve. `budget` must outlive the reservation.
  static Result<Reservation> take(MemoryBudget& budget, Bytes size, std::string_view purpose);
  Reservation(Reservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)),
        size_(std::exchange(other.size_, Bytes{})) {}
  Reservation& operator=(Reservation&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Reservation() {
    if (budget_ != nullptr) budget_->release(size_);
  }
  [[nodiscard]] Bytes size() const { return size_; }

 private:
  Reservation(MemoryBudget& budget, Bytes size) : budget_(&budget), size_(size) {}

  MemoryBudget* budget_ = nullptr;
  Bytes size_;
};

}  // namespace blue::hal
