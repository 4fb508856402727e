#include "hal/memory_budget.h"

namespace blue::hal {

Status MemoryBudget::reserve(Bytes size, std::string_view purpose) {
  std::uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    // used <= limit always holds, so the difference cannot wrap, whatever `size` is.
    if (size.count > limit_.count - used)
      return Error(HalError::out_of_memory,
                   name_ + ": " + std::string(purpose) + " asks for " + to_text(size) + ", " +
                       to_text(limit_ - Bytes{used}) + " of " + to_text(limit_) + " is left");
  } while (!used_.compare_exchange_weak(used, used + size.count, std::memory_order_relaxed));
  return {};
}

void MemoryBudget::release(Bytes size) {
  const std::uint64_t before = used_.fetch_sub(size.count, std::memory_order_relaxed);
  BLUE_CHECK(before >= size.count, name_ + ": more released than reserved");
}

Result<Reservation> Reservation::take(MemoryBudget& budget, Bytes size, std::string_view purpose) {
  BLUE_TRY(budget.reserve(size, purpose));
  return Reservation(budget, size);
}

}  // namespace blue::hal
