// What residency costs and what the tiers' moves reach, beside what this machine measured as
// possible just before. Lease: nanoseconds of a hit on one thread and on two, beside two bare
// atomics on one word. Moves: file to tier 0 beside plain reads of the same file into the same kind
// of memory, and tier 1 to tier 0 beside memcpy. Each figure is the median of kRuns after one run
// that is not counted. pread reads the file from the page cache; io_uring reads from the drive
// where direct reading is possible there.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "hal/cpu_device.h"
#include "hal/file_reader.h"
#include "hal/machine_measure.h"
#include "memory/checksum.h"
#include "memory/tiers/block_catalog.h"
#include "memory/tiers/mover.h"
#include "memory/tiers/residency.h"

namespace {

using namespace blue;
using namespace blue::memory;

constexpr int kRuns = 7;
constexpr std::uint64_t kBlockBytes = std::uint64_t{64} << 20;
constexpr int kLeases = 1'000'000;
constexpr Nanoseconds kDiskBudgetNs = 200'000'000;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Median seconds of `work` over kRuns, after one run that is not counted.
template <class Work>
double median_seconds(Work&& work) {
  work();
  std::vector<double> seconds;
  for (int i = 0; i < kRuns; ++i) {
    const Nanoseconds begin = monotonic_now_ns();
    work();
    seconds.push_back(static_cast<double>(monotonic_now_ns() - begin) * 1e-9);
  }
  return median(seconds);
}

double gb_per_s(double seconds) { return static_cast<double>(kBlockBytes) * 1e-9 / seconds; }

void print_rate(const char* what, double reached, const char* limit, double possible) {
  std::printf("%-28s %7.2f GB/s   %-22s %7.2f GB/s   %5.1f %%\n", what, reached, limit, possible,
              100.0 * reached / possible);
}

void bench_lease() {
  Residency residency(64);
  std::vector<std::byte> bytes(64);
  for (std::uint32_t i = 0; i < 64; ++i) {
    if (!residency.begin_load(BlockId{i}, Tier::vram)) std::abort();
    residency.publish(BlockId{i}, Tier::vram, &bytes[i]);
  }
  const auto lease_all = [&](std::uint32_t first) {
    for (int i = 0; i < kLeases; ++i) {
      const auto lease =
          residency.try_lease(BlockId{(first + static_cast<std::uint32_t>(i)) % 64}, Tier::vram);
      if (!lease) std::abort();
    }
  };
  std::atomic<std::uint64_t> word{0};
  const double bare = median_seconds([&] {
    for (int i = 0; i < kLeases; ++i) {
      word.fetch_add(4, std::memory_order_acquire);
      word.fetch_sub(4, std::memory_order_release);
    }
  });
  const double alone = median_seconds([&] { lease_all(0); });
  const double contended = median_seconds([&] {
    std::thread other([&] { lease_all(32); });
    lease_all(0);
    other.join();
  });
  const double to_ns = 1e9 / kLeases;
  std::printf("lease hit, take and drop     %7.1f ns     two bare atomics         %7.1f ns\n",
              alone * to_ns, bare * to_ns);
  std::printf("  the same on two threads    %7.1f ns\n", contended * to_ns);
}

Status bench_moves(const std::string& path, hal::FileReader& reader) {
  BLUE_TRY_ASSIGN(std::unique_ptr<hal::Device> device, hal::open_cpu_device());
  BlockCatalog catalog(1);
  Residency residency(1);
  Block block{.id = {},
              .kind = BlockKind::layer,
              .size = Bytes{kBlockBytes},
              .extents = {},
              .name = "bench/layer"};
  block.extents.push_back({.file = 0, .file_offset = 0, .block_offset = 0, .size = kBlockBytes});
  BLUE_TRY_ASSIGN(const CatalogModel model, catalog.add_model("bench", {path}, {block}));
  BLUE_TRY_ASSIGN(std::unique_ptr<Mover> mover,
                  Mover::open(*device, reader, catalog, residency, Mover::Options{}));
  BLUE_TRY_ASSIGN(std::unique_ptr<hal::Arena> arena, device->allocate(Bytes{kBlockBytes}));
  std::vector<std::byte> host(kBlockBytes);

  const auto move = [&](MoveRoute route) {
    const BlockId id = model.blocks[0];
    if (!residency.begin_load(id, Tier::vram)) std::abort();
    const MoveOrder order{.block = id,
                          .route = route,
                          .from = host.data(),
                          .into = arena->base(),
                          .tier = Tier::vram,
                          .address = arena->base()};
    if (!mover->move(order).ok() || !residency.begin_evict(id, Tier::vram)) std::abort();
    residency.finish_evict(id, Tier::vram);
  };
  std::vector<double> disk_rates;
  bool is_direct = false;
  for (int i = 0; i < kRuns; ++i) {
    BLUE_TRY_ASSIGN(const hal::MeasuredDisk disk,
                    hal::measure_disk_read(reader, path, kDiskBudgetNs));
    disk_rates.push_back(disk.rate.gb_per_s());
    is_direct = disk.is_direct;
  }
  const double copy = median_seconds([&] { std::memcpy(arena->base(), host.data(), kBlockBytes); });
  std::uint32_t crc = 0;
  const double checksum = median_seconds([&] { crc ^= crc32c(host); });
  const double from_file = median_seconds([&] { move(MoveRoute::file_to_device); });
  const double from_host = median_seconds([&] { move(MoveRoute::locked_to_device); });

  std::printf("reader: %s, %s\n", std::string(reader.name()).c_str(),
              is_direct ? "direct" : "through the page cache");
  print_rate("file to tier 0, checked", gb_per_s(from_file), "reads alone", median(disk_rates));
  print_rate("tier 1 to tier 0", gb_per_s(from_host), "memcpy", gb_per_s(copy));
  print_rate("CRC32C alone", gb_per_s(checksum), "memcpy", gb_per_s(copy));
  return {};
}

}  // namespace

int main() {
  bench_lease();
  const auto file =
      hal::ScratchFile::create(std::filesystem::temp_directory_path().string(), Bytes{kBlockBytes});
  if (!file) {
    std::fprintf(stderr, "%s\n", file.error().message().c_str());
    return 1;
  }
  int status = 0;
  for (auto open :
       {+[] { return hal::open_pread_reader(); }, +[] { return hal::open_uring_reader(16); }}) {
    auto reader = open();
    if (!reader) {
      std::printf("reader not here: %s\n", reader.error().message().c_str());
      continue;
    }
    const Status measured = bench_moves(file->path(), **reader);
    if (!measured) {
      std::fprintf(stderr, "%s\n", measured.error().message().c_str());
      status = 1;
    }
  }
  return status;
}
