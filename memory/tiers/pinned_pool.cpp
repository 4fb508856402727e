#include "memory/tiers/pinned_pool.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace blue::memory {

Result<std::unique_ptr<PinnedPool>> PinnedPool::open(hal::Device& device, Bytes size) {
  auto pool = std::unique_ptr<PinnedPool>(new PinnedPool());
  if (size.count == 0) {
    pool->refusal_ = "the pool is empty";
    return pool;
  }
  void* base =
      mmap(nullptr, size.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) {
    return Error(hal::HalError::out_of_memory,
                 "no " + to_text(size) + " of host memory for tier 1: " + std::strerror(errno));
  }
  pool->bytes_ = ByteSpan(static_cast<std::byte*>(base), size.count);
  auto registration = device.register_host(pool->bytes_);
  if (registration) {
    pool->registration_ = std::move(registration).value();
  } else {
    pool->refusal_ = registration.error().message();
  }
  return pool;
}

PinnedPool::~PinnedPool() {
  registration_.reset();
  if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
}

std::byte* PinnedPool::device_address(const std::byte* host) const {
  BLUE_CHECK(is_page_locked() && host >= bytes_.data() && host < bytes_.data() + bytes_.size());
  return registration_->device_address() + (host - bytes_.data());
}

}  // namespace blue::memory
