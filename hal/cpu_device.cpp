#include "hal/cpu_device.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "hal/cpu_features.h"
#include "hal/memory_budget.h"
#include "hal/memory_info.h"

namespace blue::hal {
namespace {

constexpr std::size_t kArenaAlignment = 256;
/// From this size on, arenas start on a huge page and ask for huge ones: weights are streamed
/// through, and 4 KiB pages cost them a TLB miss each.
constexpr std::size_t kHugePage = std::size_t{2} << 20;

class CpuArena final : public Arena {
 public:
  CpuArena(std::byte* base, Bytes size, std::align_val_t alignment, Reservation reservation)
      : base_(base), size_(size), alignment_(alignment), reservation_(std::move(reservation)) {}
  CpuArena(const CpuArena&) = delete;
  CpuArena& operator=(const CpuArena&) = delete;
  ~CpuArena() override { ::operator delete(base_, alignment_); }
  [[nodiscard]] std::byte* base() const override { return base_; }
  [[nodiscard]] Bytes size() const override { return size_; }

 private:
  std::byte* base_;
  Bytes size_;
  std::align_val_t alignment_;
  Reservation reservation_;
};

/// Work is finished before record() can be called, so a recorded event is done, and so is one that
/// never was.
class CpuEvent final : public Event {
 public:
  [[nodiscard]] Result<bool> is_done() override { return true; }
  [[nodiscard]] Status wait() override { return {}; }
};

class CpuStream final : public Stream {
 public:
  [[nodiscard]] Status synchronize() override { return {}; }
  [[nodiscard]] Status record(Event&) override { return {}; }
  [[nodiscard]] Status wait_for(Event&) override { return {}; }
};

class CpuRegistration final : public HostRegistration {
 public:
  explicit CpuRegistration(std::byte* address) : address_(address) {}
  [[nodiscard]] std::byte* device_address() const override { return address_; }

 private:
  std::byte* address_;
};

class CpuDevice final : public Device {
 public:
  CpuDevice(DeviceInfo info, std::string budget_name, Bytes budget)
      : info_(std::move(info)), budget_(std::move(budget_name), budget) {}

  [[nodiscard]] const DeviceInfo& info() const override { return info_; }

  [[nodiscard]] Result<std::unique_ptr<Arena>> allocate(Bytes size) override {
    // Linux overcommits memory and kills the process when it is touched: refuse here what is not
    // available.
    BLUE_TRY_ASSIGN(Reservation reservation, Reservation::take(budget_, size, "an arena"));
    const bool is_large = size.count >= kHugePage;
    const std::align_val_t alignment{is_large ? kHugePage : kArenaAlignment};
    void* base = ::operator new(round_up(std::max<std::uint64_t>(size.count, 1), kArenaAlignment),
                                alignment, std::nothrow);
    if (base == nullptr)
      return Error(HalError::out_of_memory, "cpu: no memory for an arena of " + to_text(size));
    // Only a hint: an arena on ordinary pages is as good, if slower.
    if (is_large) madvise(base, size.count / kHugePage * kHugePage, MADV_HUGEPAGE);
    return std::unique_ptr<Arena>(std::make_unique<CpuArena>(static_cast<std::byte*>(base), size,
                                                             alignment, std::move(reservation)));
  }

  [[nodiscard]] Result<std::unique_ptr<Stream>> open_stream() override {
    return std::unique_ptr<Stream>(std::make_unique<CpuStream>());
  }
  [[nodiscard]] Result<std::unique_ptr<Event>> open_event() override {
    return std::unique_ptr<Event>(std::make_unique<CpuEvent>());
  }

  /// A memcpy needs no page locking.
  [[nodiscard]] Result<std::unique_ptr<HostRegistration>> register_host(ByteSpan range) override {
    return std::unique_ptr<HostRegistration>(std::make_unique<CpuRegistration>(range.data()));
  }

  [[nodiscard]] Status copy_to_device(std::byte* device, const std::byte* host, Bytes size,
                                      Stream&) override {
    return copy(device, host, size);
  }
  [[nodiscard]] Status copy_to_host(std::byte* host, const std::byte* device, Bytes size,
                                    Stream&) override {
    return copy(host, device, size);
  }
  [[nodiscard]] Status copy_within(std::byte* to, const std::byte* from, Bytes size,
                                   Stream&) override {
    return copy(to, from, size);
  }

 private:
  static Status copy(std::byte* to, const std::byte* from, Bytes size) {
    if (size.count > 0) std::memcpy(to, from, size.count);
    return {};
  }

  DeviceInfo info_;
  MemoryBudget budget_;
};

/// What arenas leave of the available memory to the heap, the stacks and the page tables.
Bytes headroom(Bytes available) { return std::min(Bytes{available.count / 8}, 1_GiB); }

/// "AMD EPYC 9555" from /proc/cpuinfo; reading the topology for it would cost milliseconds.
std::string processor_name() {
  const std::string text = read_small_file("/proc/cpuinfo").value_or("");
  const auto key = text.find("model name");
  const auto colon = key != std::string::npos ? text.find(": ", key) : key;
  if (colon == std::string::npos) return "processor";
  return text.substr(colon + 2, text.find('\n', colon) - colon - 2);
}

}  // namespace

Result<std::unique_ptr<Device>> open_cpu_device() {
  BLUE_TRY_ASSIGN(const MemoryInfo memory, read_memory_info());
  DeviceInfo info;
  info.name = "cpu";
  info.description = processor_name() + ", " + to_text(detect_cpu_features());
  info.kind = DeviceKind::cpu;
  info.memory_total = memory.most;
  info.memory_free = memory.available;
  std::string name = "cpu memory";
  if (memory.bound) name += " (bound by " + memory.bound->name + ")";
  return std::unique_ptr<Device>(std::make_unique<CpuDevice>(
      std::move(info), std::move(name), memory.available - headroom(memory.available)));
}

}  // namespace blue::hal
