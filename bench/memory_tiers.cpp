// What residency costs and what the tiers' moves reach, beside what this machine measured as
// possible just before. Lease: nanoseconds of a hit on one thread and on two, beside two bare
// atomics on one word. Moves: file to tier 0 beside plain reads of the same file into the same kind
// of memory, and tier 1 to tier 0 beside memcpy. Each figure is the median of kRuns after one run
// that is not counted. pread reads the file from the page cache; io_uring reads from the drive
// where direct reading is possible there. Streams: many blocks of one shape, as many moves under
// way as the mover takes, at offsets as models' files have them (multiples of 32 bytes), each run
// beside plain direct reads of the same file just before and after.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
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
constexpr std::uint64_t kStreamFile = std::uint64_t{384} << 20;
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

/// Blocks as models have them: a layer is one run of the file, an expert three, far apart.
struct StreamShape {
  const char* name;
  std::uint64_t extent_bytes;
  std::uint64_t n_extents;
};
constexpr StreamShape kStreamShapes[] = {
    {"experts of 1.0 MB", 350'016, 3},   {"experts of 3.0 MB", 1'000'032, 3},
    {"experts of 5.3 MB", 1'770'016, 3}, {"layers of 5.0 MB", 5'000'032, 1},
    {"layers of 64 MB", 64'000'032, 1},
};

/// All blocks of a shape that a file of kStreamFile bytes holds.
std::vector<Block> blocks_of(const StreamShape& shape) {
  const std::uint64_t region = kStreamFile / shape.n_extents;
  std::vector<Block> blocks;
  for (std::uint64_t i = 0; 32 + (i + 1) * shape.extent_bytes <= region; ++i) {
    Block block;
    block.kind = BlockKind::expert;
    block.name = shape.name;
    std::uint64_t at = 0;
    for (std::uint64_t e = 0; e < shape.n_extents; ++e) {
      block.extents.push_back({.file = 0,
                               .file_offset = e * region + 32 + i * shape.extent_bytes,
                               .block_offset = at,
                               .size = shape.extent_bytes});
      at = round_up(at + shape.extent_bytes, kTensorAlignment);
    }
    block.size = Bytes{at};
    blocks.push_back(std::move(block));
  }
  return blocks;
}

/// Moves the blocks in the order given through a ring of places; returns GB/s.
Result<double> stream(Mover& mover, Residency& residency, const std::vector<BlockId>& order,
                      Bytes block_size, ByteSpan ring) {
  const std::uint64_t place = round_up(block_size.count, kTensorAlignment);
  const std::size_t n_places = ring.size() / place;
  std::vector<std::byte*> free;
  for (std::size_t i = 0; i < n_places; ++i) free.push_back(ring.data() + i * place);
  std::vector<std::byte*> place_of(residency.n_blocks());
  std::vector<MoveEnd> ended;
  std::size_t next = 0;
  std::size_t n_done = 0;
  const Nanoseconds begin = monotonic_now_ns();
  while (n_done < order.size()) {
    while (next < order.size() && !free.empty()) {
      const BlockId id = order[next];
      if (!residency.begin_load(id, Tier::vram)) std::abort();
      const MoveOrder move{.block = id,
                           .route = MoveRoute::file_to_device,
                           .into = free.back(),
                           .tier = Tier::vram,
                           .address = free.back()};
      if (!mover.submit(move)) {
        residency.abandon(id, Tier::vram);
        break;
      }
      place_of[id.value] = free.back();
      free.pop_back();
      ++next;
    }
    ended.clear();
    mover.poll(ended, Mover::Poll::wait);
    for (MoveEnd& end : ended) {
      if (!end.outcome) return std::move(end.outcome).error();
      if (!residency.begin_evict(end.block, Tier::vram)) std::abort();
      residency.finish_evict(end.block, Tier::vram);
      free.push_back(place_of[end.block.value]);
      ++n_done;
    }
  }
  return static_cast<double>(block_size.count * order.size()) /
         static_cast<double>(monotonic_now_ns() - begin);
}

Status bench_stream(const std::string& path, const StreamShape& shape) {
  BLUE_TRY_ASSIGN(const std::unique_ptr<hal::FileReader> reader, hal::open_uring_reader(64));
  BLUE_TRY_ASSIGN(std::unique_ptr<hal::Device> device, hal::open_cpu_device());
  std::vector<Block> blocks = blocks_of(shape);
  const auto n_blocks = static_cast<std::uint32_t>(blocks.size());
  const Bytes block_size = blocks.front().size;
  BlockCatalog catalog(n_blocks);
  Residency residency(n_blocks);
  BLUE_TRY_ASSIGN(CatalogModel model, catalog.add_model("bench", {path}, std::move(blocks)));
  std::vector<BlockId> order = model.blocks;
  if (shape.n_extents > 1) std::shuffle(order.begin(), order.end(), std::mt19937(1));
  BLUE_TRY_ASSIGN(const std::unique_ptr<Mover> mover,
                  Mover::open(*device, *reader, catalog, residency, Mover::Options{}));
  constexpr Bytes kRing = 256_MiB;
  BLUE_TRY_ASSIGN(const std::unique_ptr<hal::Arena> arena, device->allocate(kRing));
  const ByteSpan ring(arena->base(), kRing.count);
  std::memset(ring.data(), 0, ring.size());
  std::vector<double> reached;
  std::vector<double> possible;
  std::vector<double> share;
  for (int i = 0; i <= kRuns; ++i) {
    BLUE_TRY_ASSIGN(const hal::MeasuredDisk before,
                    hal::measure_disk_read(*reader, path, kDiskBudgetNs));
    BLUE_TRY_ASSIGN(const double rate, stream(*mover, residency, order, block_size, ring));
    BLUE_TRY_ASSIGN(const hal::MeasuredDisk after,
                    hal::measure_disk_read(*reader, path, kDiskBudgetNs));
    if (i == 0) continue;  // not counted
    reached.push_back(rate);
    possible.push_back((before.rate.gb_per_s() + after.rate.gb_per_s()) / 2);
    share.push_back(reached.back() / possible.back());
  }
  print_rate(shape.name, median(reached), "direct reads alone", median(possible));
  std::printf("  run by run %.1f %% (median)\n", 100 * median(share));
  return {};
}

Status bench_streams(const std::string& folder) {
  BLUE_TRY_ASSIGN(const hal::ScratchFile file,
                  hal::ScratchFile::create(folder, Bytes{kStreamFile}));
  for (const StreamShape& shape : kStreamShapes) BLUE_TRY(bench_stream(file.path(), shape));
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
  const Status streamed = bench_streams(std::filesystem::temp_directory_path().string());
  if (!streamed) {
    std::fprintf(stderr, "%s\n", streamed.error().message().c_str());
    status = 1;
  }
  return status;
}
