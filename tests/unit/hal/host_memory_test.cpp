#include "hal/host_memory.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "hal/memory_info.h"
#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

class RecordingSink final : public LogSink {
 public:
  void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

/// Locked memory of the process in bytes, as /proc says.
std::uint64_t locked_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmLck:")) return std::stoull(line.substr(6)) * 1024;
  return 0;
}

/// Takes CAP_IPC_LOCK away from the calling thread, which would lift the limit.
bool drop_lock_privilege() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  data[0].effective &= ~(1u << CAP_IPC_LOCK);
  return ::syscall(SYS_capset, &header, data) == 0;
}

bool is_zero(ByteSpan bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

TEST_CASE("a buffer is zeroed, aligned, of whole pages, and draws on its budget until it dies") {
  MemoryBudget budget("host memory", 1_MiB);
  NullLogSink log;
  {
    const auto buffer = HostBuffer::allocate({.size = 10'000_B, .purpose = "test"}, budget, log);
    REQUIRE(buffer.ok());
    CHECK(buffer->size() == 12_KiB);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer->span().data()) % kHostBufferAlignment.count ==
          0);
    CHECK(is_zero(buffer->span()));
    CHECK(buffer->backing() == PageBacking::ordinary);
    CHECK_FALSE(buffer->is_locked());
    CHECK(budget.used() == 12_KiB);
  }
  CHECK(budget.used() == 0_B);
}

TEST_CASE("a locked buffer is locked memory of the process, and no longer after its death") {
  MemoryBudget budget("host memory", 1_MiB);
  NullLogSink log;
  const std::uint64_t before = locked_bytes();
  {
    const auto buffer = HostBuffer::allocate(
        {.size = 64_KiB, .lock = PageLock::required, .purpose = "test"}, budget, log);
    if (!buffer) {
      CHECK(buffer.error().is(HalError::denied));
      WARN("skipped: " << buffer.error().message());
      return;
    }
    CHECK(buffer->is_locked());
    CHECK(locked_bytes() >= before + (64 << 10));
  }
  CHECK(locked_bytes() == before);
}

TEST_CASE(
    "locking beyond RLIMIT_MEMLOCK is denied with a remedy and takes nothing out of the budget") {
  MemoryBudget budget("host memory", 64_MiB);
  NullLogSink log;
  bool is_prepared = false;
  bool is_denied = false;
  bool is_unlocked_granted = false;
  std::string message;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_MEMLOCK, &before) == 0);
  std::thread([&] {
    const rlimit tight{std::min<rlim_t>(before.rlim_max, 16 << 10), before.rlim_max};
    is_prepared = drop_lock_privilege() && ::setrlimit(RLIMIT_MEMLOCK, &tight) == 0;
    HostBufferRequest request{
        .size = 32_MiB, .lock = PageLock::required, .purpose = "copy buffers"};
    const auto locked = HostBuffer::allocate(request, budget, log);
    if (!locked) {
      is_denied = locked.error().is(HalError::denied);
      message = locked.error().message();
    }
    request.lock = PageLock::none;
    is_unlocked_granted = HostBuffer::allocate(request, budget, log).ok();
  }).join();
  REQUIRE(::setrlimit(RLIMIT_MEMLOCK, &before) == 0);
  REQUIRE(is_prepared);
  CHECK(is_denied);
  CHECK(message.find("copy buffers") != std::string::npos);
  CHECK(message.find("ulimit -l") != std::string::npos);
  CHECK(message.find("16.00 KiB") != std::string::npos);
  CHECK(is_unlocked_granted);
  CHECK(budget.used() == 0_B);
}

TEST_CASE("a huge_pages for huge pages tells what it got, and says once where none were reserved") {
  MemoryBudget budget("host memory", 64_MiB);
  RecordingSink log;
  const HostBufferRequest request{.size = 3_MiB, .pages = HugePages::huge, .purpose = "test"};
  const auto first = HostBuffer::allocate(request, budget, log);
  const auto second = HostBuffer::allocate(request, budget, log);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(first->size() == 4_MiB);
  CHECK(budget.used() == 8_MiB);
  CHECK(reinterpret_cast<std::uintptr_t>(first->span().data()) % (2 << 20) == 0);
  CHECK(is_zero(first->span()));
  first->span()[4'194'303] = std::byte{1};
  if (first->backing() == PageBacking::reserved_huge &&
      second->backing() == PageBacking::reserved_huge)
    CHECK(log.lines.empty());
  else
    CHECK(log.lines.size() == 1);
}

TEST_CASE("a buffer that moves is freed once") {
  MemoryBudget budget("host memory", 1_MiB);
  NullLogSink log;
  auto first = HostBuffer::allocate({.size = 4_KiB, .purpose = "a"}, budget, log);
  auto second = HostBuffer::allocate({.size = 8_KiB, .purpose = "b"}, budget, log);
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  HostBuffer moved = std::move(*first);
  CHECK(budget.used() == 12_KiB);
  moved = std::move(*second);
  CHECK(moved.size() == 8_KiB);
  moved = HostBuffer();
  CHECK(moved.size() == 0_B);
}

TEST_CASE("no bytes is a bad argument, more than the budget is out of memory") {
  MemoryBudget budget("host memory", 1_MiB);
  NullLogSink log;
  CHECK(HostBuffer::allocate({.size = 0_B, .purpose = "a"}, budget, log)
            .error()
            .is(HalError::bad_argument));
  const auto huge = HostBuffer::allocate({.size = {~0ULL}, .purpose = "weights"}, budget, log);
  CHECK(huge.error().is(HalError::out_of_memory));
  CHECK(huge.error().message().find("weights") != std::string::npos);
  MemoryBudget generous("host memory", {~0ULL});
  const auto beyond =
      HostBuffer::allocate({.size = {1ULL << 60}, .purpose = "weights"}, generous, log);
  CHECK(beyond.error().is(HalError::out_of_memory));
  CHECK(generous.used() == 0_B);
}

TEST_CASE("memory is read with huge pages and the tightest cgroup limit considered") {
  const test::ScratchFolder roots;
  roots.write(
      "proc/meminfo",
      "MemTotal:  1000000 kB\nMemAvailable:   800000 kB\nHugePages_Free:  5\nHugePages_Rsvd:  2\n"
      "Hugepagesize:  2048 kB\n");
  roots.write("proc/self/cgroup", "0::/user.slice/blue\n");
  roots.write("sys/fs/cgroup/user.slice/blue/memory.max", "max\n");
  roots.write("sys/fs/cgroup/user.slice/memory.max", "102400000\n");
  roots.write("sys/fs/cgroup/user.slice/memory.current", "2400000\n");
  roots.write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  const auto info = read_memory_info({.sys = roots.path("sys"), .proc = roots.path("proc")});
  REQUIRE(info.ok());
  CHECK(info->total == Bytes{1'024'000'000});
  CHECK(info->available == Bytes{100'000'000});
  CHECK(info->most == Bytes{102'400'000});
  CHECK(info->huge_page_size == 2_MiB);
  CHECK(info->n_huge_pages_free == 3);
  CHECK(info->transparent_huge == TransparentHuge::on_request);
}

}  // namespace blue::hal
