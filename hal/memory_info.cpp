#include "hal/memory_info.h"

#include <sys/sysinfo.h>

#include <algorithm>
#include <sstream>

namespace blue::hal {
namespace {

TransparentHuge read_transparent_huge(const SystemRoots& roots) {
  const auto line = read_first_line(roots.sys + "/kernel/mm/transparent_hugepage/enabled");
  if (!line) return TransparentHuge::absent;
  if (line->find("[always]") != std::string::npos) return TransparentHuge::always;
  if (line->find("[madvise]") != std::string::npos) return TransparentHuge::on_request;
  return TransparentHuge::never;
}

/// CAP_IPC_LOCK lifts the limit; it is bit 14 of CapEff.
bool may_lock_without_limit(const SystemRoots& roots) {
  std::istringstream lines(read_small_file(roots.proc + "/self/status").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("CapEff:")) continue;
    const auto digits = line.find_first_not_of(" \t", 7);
    if (digits == std::string::npos) return false;
    const auto mask = parse_number("0x" + line.substr(digits));
    return mask && (*mask >> 14 & 1) != 0;
  }
  return false;
}

/// What of the machine's memory is free or can be had by dropping clean pages.
std::uint64_t free_of(const std::string& meminfo) {
  const auto field = [&](std::string_view name) { return find_field(meminfo, name).value_or(0); };
  // Kernels before 3.14, and some containers' imitations of the file, lack the first.
  return find_field(meminfo, "MemAvailable:")
      .value_or(field("MemFree:") + field("Buffers:") + field("Cached:"));
}

void read_huge_pages(const std::string& meminfo, MemoryInfo& info) {
  info.huge_page_size = {find_field(meminfo, "Hugepagesize:").value_or(0)};
  const std::uint64_t n_free = find_field(meminfo, "HugePages_Free:").value_or(0);
  info.n_huge_pages_free =
      n_free - std::min(find_field(meminfo, "HugePages_Rsvd:").value_or(0), n_free);
}

Status read_machine(const SystemRoots& roots, MemoryInfo& info) {
  const auto meminfo = read_small_file(roots.proc + "/meminfo");
  if (meminfo && find_field(*meminfo, "MemTotal:")) {
    info.total = {*find_field(*meminfo, "MemTotal:")};
    info.available = {free_of(*meminfo)};
    read_huge_pages(*meminfo, info);
    return {};
  }
  struct sysinfo machine {};
  if (sysinfo(&machine) != 0)
    return Error(HalError::absent, "memory: neither " + roots.proc +
                                       "/meminfo nor sysinfo(2) can be read; mount /proc");
  info.total = Bytes{machine.totalram} * machine.mem_unit;
  info.available = (Bytes{machine.freeram} + Bytes{machine.bufferram}) * machine.mem_unit;
  info.missing = roots.proc + "/meminfo cannot be read: free memory is taken from sysinfo(2), " +
                 "without the page cache, and limits of control groups may go unseen";
  return {};
}

}  // namespace

std::string to_text(const MemoryInfo& memory) {
  std::string text = to_text(memory.available) + " available of " + to_text(memory.total);
  if (memory.bound)
    text += ", bound by " + memory.bound->name + ": " + to_text(memory.bound->limit);
  return text;
}

Result<MemoryInfo> read_memory_info(const SystemRoots& roots, const ProcessLimits& process) {
  MemoryInfo info;
  BLUE_TRY(read_machine(roots, info));
  info.most = info.total;
  for (MemoryLimit& limit : read_memory_limits(roots, process)) {
    info.most = std::min(info.most, limit.limit);
    if (limit.available >= info.available) continue;
    info.available = limit.available;
    info.bound = std::move(limit);
  }
  info.transparent_huge = read_transparent_huge(roots);
  if (!may_lock_without_limit(roots)) info.page_lock_limit = process.page_lock;
  return info;
}

}  // namespace blue::hal
