#include "hal/host_memory.h"

#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace blue::hal {
namespace {

constexpr Bytes kHugePage{std::uint64_t{2} << 20};

/// Anonymous memory, or null. The kernel's default huge page size serves MAP_HUGETLB.
std::byte* map_pages(Bytes size, int extra_flags) {
  void* at = mmap(nullptr, size.count, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | extra_flags, -1, 0);
  return at != MAP_FAILED ? static_cast<std::byte*>(at) : nullptr;
}

/// Memory whose start is a multiple of a huge page: only such a range can get transparent huge
/// pages from its start.
std::byte* map_huge_aligned(Bytes size) {
  std::byte* whole = map_pages(size + kHugePage, 0);
  if (whole == nullptr) return nullptr;
  const auto start = reinterpret_cast<std::uintptr_t>(whole);
  const std::size_t head = round_up(start, kHugePage.count) - start;
  if (head > 0) munmap(whole, head);
  munmap(whole + head + size.count, kHugePage.count - head);
  return whole + head;
}

std::string lock_limit_text() {
  rlimit limit{};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return "unlimited";
  return to_text(Bytes{limit.rlim_cur});
}

}  // namespace

std::string_view to_text(PageBacking backing) {
  switch (backing) {
    case PageBacking::ordinary: return "4 KiB pages";
    case PageBacking::transparent_huge: return "transparent huge pages";
    case PageBacking::reserved_huge: return "reserved huge pages";
  }
  return "unknown";
}

Result<HostBuffer> HostBuffer::allocate(const HostBufferRequest& request, MemoryBudget& budget,
                                        LogSink& log) {
  if (request.size.count == 0)
    return Error(HalError::bad_argument, request.purpose + ": a buffer of 0 bytes");
  const bool wants_huge = request.pages == HugePages::huge;
  const Bytes unit = wants_huge ? kHugePage : kHostBufferAlignment;
  if (request.size.count > budget.limit().count)  // also keeps the rounding from wrapping
    return Error(HalError::out_of_memory, budget.name() + ": " + request.purpose + " asks for " +
                                              to_text(request.size) + ", the whole budget is " +
                                              to_text(budget.limit()));
  const Bytes size = round_up(request.size, unit);
  HostBuffer buffer;
  BLUE_TRY_ASSIGN(buffer.reservation_, Reservation::take(budget, size, request.purpose));
  std::byte* at = nullptr;
  if (wants_huge) {
    // MAP_POPULATE: without it a page that the pool lacks after all would be a SIGBUS at first
    // touch.
    at = map_pages(size, MAP_HUGETLB | MAP_POPULATE);
    if (at != nullptr) {
      buffer.backing_ = PageBacking::reserved_huge;
    } else {
      at = map_huge_aligned(size);
      if (at != nullptr && madvise(at, size.count, MADV_HUGEPAGE) == 0)
        buffer.backing_ = PageBacking::transparent_huge;
      log.write_once(LogLevel::info, "huge pages: none reserved (vm.nr_hugepages), " +
                                         std::string(to_text(buffer.backing_)) + " are used");
    }
  } else {
    at = map_pages(size, 0);
  }
  if (at == nullptr)
    return Error(HalError::out_of_memory, request.purpose + ": the machine has no " +
                                              to_text(size) + " of memory left (" +
                                              std::strerror(errno) + ")");
  buffer.span_ = {at, size.count};
  if (request.lock == PageLock::required) BLUE_TRY(buffer.lock(request.purpose));
  return buffer;
}

Status HostBuffer::lock(const std::string& purpose) {
  // mlock2 and not mlock, which the sanitizers replace with a no-op.
  if (mlock2(span_.data(), span_.size(), 0) == 0) {
    is_locked_ = true;
    return {};
  }
  const int failure = errno;
  if (failure == ENOMEM || failure == EPERM || failure == EAGAIN)
    return Error(HalError::denied,
                 purpose + ": locking " + to_text(size()) + " of memory refused, the limit is " +
                     lock_limit_text() +
                     "; raise it (`ulimit -l unlimited`, LimitMEMLOCK= in a "
                     "systemd unit, --ulimit memlock=-1 in docker) or go on with unlocked memory");
  return Error(HalError::denied, purpose + ": locking memory refused: " + std::strerror(failure));
}

HostBuffer::HostBuffer(HostBuffer&& other) noexcept
    : span_(std::exchange(other.span_, {})),
      reservation_(std::move(other.reservation_)),
      backing_(other.backing_),
      is_locked_(std::exchange(other.is_locked_, false)) {}

HostBuffer& HostBuffer::operator=(HostBuffer&& other) noexcept {
  std::swap(span_, other.span_);
  std::swap(reservation_, other.reservation_);
  std::swap(backing_, other.backing_);
  std::swap(is_locked_, other.is_locked_);
  return *this;
}

HostBuffer::~HostBuffer() {
  if (!span_.empty()) munmap(span_.data(), span_.size());  // unmapping unlocks
}

}  // namespace blue::hal
