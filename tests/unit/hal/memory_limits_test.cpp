#include "hal/memory_limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "hal/memory_info.h"
#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

/// A machine of 1000 MB, 800 MB of it free, made of plain files.
class Machine {
 public:
  Machine() { meminfo(""); }
  void meminfo(const std::string& more) {
    write("proc/meminfo", "MemTotal:  1000000 kB\nMemAvailable:   800000 kB\n" + more);
  }
  void write(const std::string& path, const std::string& text) { folder_.write(path, text); }
  void mount(const std::string& root, const std::string& folder, const std::string& rest) {
    mounts_ += "35 31 0:32 " + root + " " + folder + " rw,relatime shared:9 - " + rest + "\n";
    write("proc/self/mountinfo", mounts_);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }
  [[nodiscard]] MemoryInfo read(const ProcessLimits& process = {}) const {
    const auto info =
        read_memory_info({.sys = folder_.path("sys"), .proc = folder_.path("proc")}, process);
    REQUIRE(info.ok());
    return *info;
  }

 private:
  test::ScratchFolder folder_;
  std::string mounts_ = "23 1 8:1 / / rw - ext4 /dev/sda1 rw\n";
};

constexpr const char* kV2 = "cgroup2 cgroup2 rw,nsdelegate";
constexpr const char* kV1 = "cgroup cgroup rw,memory";

std::string mb(std::uint64_t n) { return std::to_string(n * 1'000'000) + "\n"; }
constexpr Bytes operator""_MB(unsigned long long n) { return {n * 1'000'000}; }

}  // namespace

TEST_CASE("where nothing limits it a process may take what the machine has free") {
  const Machine machine;
  const MemoryInfo info = machine.read();
  CHECK(info.total == Bytes{1'024'000'000});
  CHECK(info.available == Bytes{819'200'000});
  CHECK(info.most == info.total);
  CHECK_FALSE(info.bound.has_value());
  CHECK(info.missing.empty());
}

TEST_CASE("the page cache of a v2 group does not count as used memory") {
  Machine machine;
  machine.write("sys/fs/cgroup/memory.max", mb(500));
  machine.write("sys/fs/cgroup/memory.current", mb(500));
  machine.write("sys/fs/cgroup/memory.stat",
                "anon 60000000\nfile 400000000\ninactive_file 300000000\nactive_file 100000000\n"
                "slab_reclaimable 40000000\n");
  const MemoryInfo info = machine.read();
  CHECK(info.available == 440_MB);
  CHECK(info.most == 500_MB);
  REQUIRE(info.bound.has_value());
  CHECK(info.bound->name == "cgroup / (memory.max)");
  CHECK(to_text(info).find("memory.max") != std::string::npos);
}

TEST_CASE(
    "of nested v2 groups the one that leaves least counts, not the one with the least limit") {
  Machine machine;
  machine.mount("/", "/sys/fs/cgroup", kV2);
  machine.write("proc/self/cgroup", "1:name=systemd:/x\n0::/user.slice/blue.scope\n");
  machine.write("sys/fs/cgroup/user.slice/blue.scope/memory.max", mb(300));
  machine.write("sys/fs/cgroup/user.slice/blue.scope/memory.current", mb(10));
  machine.write("sys/fs/cgroup/user.slice/memory.max", mb(600));
  machine.write("sys/fs/cgroup/user.slice/memory.current", mb(500));
  machine.write("sys/fs/cgroup/memory.max", "max\n");
  const MemoryInfo info = machine.read();
  CHECK(info.available == 100_MB);
  CHECK(info.most == 300_MB);
  REQUIRE(info.bound.has_value());
  CHECK(info.bound->name == "cgroup /user.slice (memory.max)");
}

TEST_CASE("memory.high binds like a limit: beyond it the kernel slows the group down") {
  Machine machine;
  machine.write("sys/fs/cgroup/memory.max", "max\n");
  machine.write("sys/fs/cgroup/memory.high", mb(200));
  machine.write("sys/fs/cgroup/memory.current", mb(50));
  CHECK(machine.read().available == 150_MB);
}

TEST_CASE("a v1 group's limit counts, its cache does not, and a huge number is no limit") {
  Machine machine;
  machine.mount("/", "/sys/fs/cgroup/memory", kV1);
  machine.write("proc/self/cgroup", "9:cpu,cpuacct:/other\n4:hugetlb,memory:/jobs/one\n0::/\n");
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  machine.write("sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", mb(400));
  machine.write("sys/fs/cgroup/memory/jobs/memory.usage_in_bytes", mb(350));
  machine.write("sys/fs/cgroup/memory/jobs/memory.stat",
                "inactive_file 1\nactive_file 1\ntotal_inactive_file 100000000\n"
                "total_active_file 50000000\n");
  machine.write("sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes", "9223372036854771712\n");
  const MemoryInfo info = machine.read();
  CHECK(info.available == 200_MB);
  REQUIRE(info.bound.has_value());
  CHECK(info.bound->name == "cgroup /jobs (memory.limit_in_bytes)");
}

TEST_CASE("a container of v1 sees its group at the mount point, and its ancestors' limit in it") {
  Machine machine;
  machine.mount("/docker/4f1c", "/sys/fs/cgroup/memory", kV1);
  machine.write("proc/self/cgroup", "4:memory:/docker/4f1c\n");
  machine.write("sys/fs/cgroup/memory/memory.limit_in_bytes", mb(700));
  machine.write("sys/fs/cgroup/memory/memory.usage_in_bytes", mb(100));
  machine.write("sys/fs/cgroup/memory/memory.stat", "hierarchical_memory_limit 300000000\n");
  CHECK(machine.read().available == 200_MB);
}

TEST_CASE("groups are found wherever they are mounted, blanks in the path included") {
  Machine machine;
  machine.mount("/outer", machine.path("my\\040groups"), kV2);
  machine.write("proc/self/cgroup", "0::/outer/inner\n");
  machine.write("my groups/inner/memory.max", mb(90));
  machine.write("my groups/inner/memory.current", mb(20));
  CHECK(machine.read().available == 70_MB);
}

TEST_CASE("a group outside of what is mounted leaves the mounted one to be obeyed") {
  Machine machine;
  machine.mount("/", "/sys/fs/cgroup", kV2);
  machine.write("proc/self/cgroup", "0::/../other\n");
  machine.write("sys/fs/cgroup/memory.max", mb(90));
  machine.write("sys/fs/cgroup/other/memory.max", mb(10));
  CHECK(machine.read().available == 90_MB);
}

TEST_CASE("the process's own limits leave what it has not mapped yet") {
  Machine machine;
  const auto page = static_cast<std::uint64_t>(4096);
  machine.write("proc/self/statm", "10000 500 300 50 0 2000 0\n");
  MemoryInfo info = machine.read({.address_space = Bytes{page * 30'000}});
  CHECK(info.available == Bytes{page * 20'000});
  CHECK(info.bound->name == "RLIMIT_AS (ulimit -v)");
  info = machine.read({.data = Bytes{page * 30'000}});
  CHECK(info.available == Bytes{page * 28'000});
  CHECK(info.bound->name == "RLIMIT_DATA (ulimit -d)");
  CHECK(machine.read({.address_space = Bytes{page}}).available == 0_B);
}

TEST_CASE("strict overcommit leaves what is not committed, and other modes do not limit") {
  Machine machine;
  machine.meminfo("CommitLimit:     600000 kB\nCommitted_AS:    500000 kB\n");
  machine.write("proc/sys/vm/overcommit_memory", "2\n");
  MemoryInfo info = machine.read();
  CHECK(info.available == Bytes{102'400'000});
  CHECK(info.bound->name == "strict overcommit (vm.overcommit_memory=2)");
  machine.write("proc/sys/vm/overcommit_memory", "0\n");
  CHECK_FALSE(machine.read().bound.has_value());
}

TEST_CASE("the page-lock limit is RLIMIT_MEMLOCK, unless the process may lock without one") {
  Machine machine;
  const ProcessLimits limits{.page_lock = 64_KiB};
  CHECK(machine.read(limits).page_lock_limit == 64_KiB);
  machine.write("proc/self/status", "Name:\tblue\nCapEff:\t0000000000004000\n");
  CHECK_FALSE(machine.read(limits).page_lock_limit.has_value());
}

TEST_CASE("an old or imitated meminfo without MemAvailable still gives a figure") {
  Machine machine;
  machine.write("proc/meminfo",
                "MemTotal: 1000 kB\nMemFree: 300 kB\nBuffers: 20 kB\nCached: 100 kB\n");
  CHECK(machine.read().available == 420_KiB);
}

TEST_CASE("without /proc the kernel is asked, and what is missing is named") {
  const test::ScratchFolder nothing;
  const auto info =
      read_memory_info({.sys = nothing.path("sys"), .proc = nothing.path("proc")}, {});
  REQUIRE(info.ok());
  CHECK(info->total.count > 0);
  CHECK(info->available.count > 0);
  CHECK(info->available <= info->total);
  CHECK(info->missing.find("meminfo") != std::string::npos);
}

}  // namespace blue::hal
