// Host memory for weights and copies: page-locked and on huge pages where the machine grants it,
// always drawn from a budget. Depends on base, hal/memory_budget. Threads: allocation from any
// thread; a HostBuffer belongs to one owner.
// Lifetime: the budget outlives the buffers. Allocation faults every page of locked memory in: for
// load and admission.
#pragma once

#include <string>

#include "base/log_sink.h"
#include "base/result.h"
#include "base/span.h"
#include "base/units.h"
#include "hal/hal_error.h"
#include "hal/memory_budget.h"

namespace blue::hal {

/// Every buffer starts at a multiple of this: the most that O_DIRECT and page locking require.
inline constexpr Bytes kHostBufferAlignment{4096};

enum class PageLock : std::uint8_t {
  none,      ///< may be swapped
  required,  ///< locked, or the allocation fails
};

enum class HugePages : std::uint8_t {
  ordinary,  ///< 4 KiB pages
  /// reserved huge pages if the pool has them, else transparent ones: a request; backing() is what
  /// was granted
  huge,
};

/// The pages of a buffer.
enum class PageBacking : std::uint8_t { ordinary, transparent_huge, reserved_huge };
std::string_view to_text(PageBacking backing);

struct HostBufferRequest {
  Bytes size;
  PageLock lock = PageLock::none;
  HugePages pages = HugePages::ordinary;
  std::string purpose;  ///< names it in messages: "A-B copy buffers"
};

/// Owned host memory, zeroed, aligned to kHostBufferAlignment.
class HostBuffer {
 public:
  HostBuffer() = default;

  /// Takes the request's size, rounded up to whole pages, out of `budget` and maps it. That
  /// reserved huge pages were requested and transparent ones granted is logged once.
  /// Errors: bad_argument (size 0), out_of_memory (the budget or the machine), denied
  /// (RLIMIT_MEMLOCK; the message has the remedy, and the caller may ask again with PageLock::none,
  /// visibly).
  static Result<HostBuffer> allocate(const HostBufferRequest& request, MemoryBudget& budget,
                                     LogSink& log);

  HostBuffer(HostBuffer&& other) noexcept;
  HostBuffer& operator=(HostBuffer&& other) noexcept;
  ~HostBuffer();

  [[nodiscard]] ByteSpan span() const { return span_; }
  [[nodiscard]] Bytes size() const { return {span_.size()}; }
  [[nodiscard]] bool is_locked() const { return is_locked_; }
  [[nodiscard]] PageBacking backing() const { return backing_; }

 private:
  Status lock(const std::string& purpose);

  ByteSpan span_;
  Reservation reservation_;
  PageBacking backing_ = PageBacking::ordinary;
  bool is_locked_ = false;
};

}  // namespace blue::hal
