// PinnedPool: host memory for tier 1 and for staging, page-locked for one device where the system
// allows it. A refused lock is not hidden: lock_refusal() has the reason, and copies out of it go
// through staging.
// Depends on hal/device.h. Threads: read-only after open. Lifetime: the device outlives it; it
// outlives what lies in it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/span.h"
#include "base/units.h"
#include "hal/device.h"

namespace blue::memory {

class PinnedPool {
 public:
  /// Memory of `size` bytes (0: an empty pool), aligned to a page, page-locked for `device` where
  /// granted.
  /// Errors: hal out_of_memory when there is no such memory.
  [[nodiscard]] static Result<std::unique_ptr<PinnedPool>> open(hal::Device& device, Bytes size);
  ~PinnedPool();
  PinnedPool(const PinnedPool&) = delete;
  PinnedPool& operator=(const PinnedPool&) = delete;

  [[nodiscard]] ByteSpan bytes() const { return bytes_; }
  [[nodiscard]] bool is_page_locked() const { return registration_ != nullptr; }
  /// Why it is not page-locked; empty when it is.
  [[nodiscard]] const std::string& lock_refusal() const { return refusal_; }
  /// Where the device reads the byte at `host` in place; only when page-locked.
  [[nodiscard]] std::byte* device_address(const std::byte* host) const;

 private:
  PinnedPool() = default;

  ByteSpan bytes_;
  std::unique_ptr<hal::HostRegistration> registration_;
  std::string refusal_;
};

}  // namespace blue::memory
