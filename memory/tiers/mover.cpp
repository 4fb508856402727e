#include "memory/tiers/mover.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "memory/checksum.h"

namespace blue::memory {
namespace {

/// One read request at most: large enough for a drive's full rate, small enough that a window has
/// several in flight.
constexpr std::uint64_t kReadBytes = std::uint64_t{1} << 20;

Error read_error(const Block& block, const Error& cause) {
  return Error(MemoryError::read_failed, "block " + block.name + ": " + cause.message());
}

/// The span of time from construction to destruction, added to `sum`.
class Stopwatch {
 public:
  explicit Stopwatch(Nanoseconds& sum) : sum_(sum), begin_(monotonic_now_ns()) {}
  ~Stopwatch() { sum_ += monotonic_now_ns() - begin_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  Nanoseconds& sum_;
  Nanoseconds begin_;
};

/// Zeroes what no extent covers of [begin, end), so that padding has one value wherever the block
/// lies.
void zero_padding(const Block& block, std::uint64_t begin, std::uint64_t end, std::byte* host) {
  std::uint64_t at = begin;
  const auto zero_to = [&](std::uint64_t to) {
    if (to > at) std::memset(host + (at - begin), 0, to - at);
  };
  for (const BlockExtent& extent : block.extents) {
    const std::uint64_t extent_end = extent.block_offset + extent.size;
    if (extent_end <= at) continue;
    if (extent.block_offset >= end) break;
    zero_to(extent.block_offset);
    at = std::min(extent_end, end);
  }
  zero_to(end);
}

}  // namespace

Mover::Mover(hal::Device& device, hal::FileReader& reader, BlockCatalog& catalog, Options options)
    : device_(device),
      reader_(reader),
      catalog_(catalog),
      options_(options),
      device_is_host_(device.info().kind == hal::DeviceKind::cpu) {}

Mover::~Mover() = default;

Result<std::unique_ptr<Mover>> Mover::open(hal::Device& device, hal::FileReader& reader,
                                           BlockCatalog& catalog, Options options) {
  BLUE_CHECK(options.window.count > 0);
  auto mover = std::unique_ptr<Mover>(new Mover(device, reader, catalog, options));
  BLUE_TRY_ASSIGN(mover->stream_, device.open_stream());
  for (StagingHalf& half : mover->halves_) {
    BLUE_TRY_ASSIGN(half.copied, device.open_event());
  }
  if (!mover->device_is_host_) {
    BLUE_TRY_ASSIGN(mover->staging_, PinnedPool::open(device, options.window * 2));
    mover->halves_[0].host = mover->staging_->bytes().data();
    mover->halves_[1].host = mover->halves_[0].host + options.window.count;
    const Status registered = reader.register_buffer(mover->staging_->bytes());
    if (!registered) mover->registration_refusal_ = registered.error().message();
  }
  return mover;
}

std::string Mover::staging_refusal() const {
  if (staging_ == nullptr) return {};
  return staging_->is_page_locked() ? registration_refusal_ : staging_->lock_refusal();
}

Result<MoveReport> Mover::move(const MoveOrder& order, Residency& residency) {
  const Block& block = catalog_.at(order.block);
  MoveReport report{.bytes = block.size};
  Status carried;
  {
    const Stopwatch watch(report.total_ns);
    carried = carry(block, order, report);
  }
  if (!carried) {
    residency.abandon(order.block, order.tier);
    return std::move(carried).error();
  }
  residency.publish(order.block, order.tier, order.address);
  return report;
}

Status Mover::carry(const Block& block, const MoveOrder& order, MoveReport& report) {
  Status done;
  switch (order.route) {
    case MoveRoute::file_to_host:
    case MoveRoute::file_to_device: done = carry_from_file(block, order, report); break;
    case MoveRoute::locked_to_device: done = copy_locked(block, order, report); break;
    case MoveRoute::pageable_to_device: done = copy_staged(block, order, report); break;
  }
  if (!done) {
    // The memory must not go to another block while a drive or a copy engine still uses it.
    drain();
    static_cast<void>(stream_->synchronize());  // the first error is the one reported
    if (done.error().is(hal::HalError::device_failed))
      return std::move(done).error().within("block " + block.name);
  }
  return done;
}

bool Mover::is_staged(const MoveOrder& order) const {
  return order.route != MoveRoute::file_to_host && order.route != MoveRoute::locked_to_device &&
         !device_is_host_;
}

Status Mover::carry_from_file(const Block& block, const MoveOrder& order, MoveReport& report) {
  const std::uint64_t n_windows =
      (block.size.count + options_.window.count - 1) / options_.window.count;
  std::uint32_t crc = 0;
  if (n_windows > 0) BLUE_TRY(begin_window(block, 0, order, report));
  for (std::uint64_t i = 0; i < n_windows; ++i) {
    if (i + 1 < n_windows) BLUE_TRY(begin_window(block, i + 1, order, report));
    Status finished = finish_window(i, report);
    if (!finished) return read_error(block, finished.error());
    const Window& window = windows_[i % 2];
    crc = crc32c(ConstByteSpan(window.host, window.end - window.begin), crc);
    if (is_staged(order)) BLUE_TRY(copy_window(i, order));
  }
  BLUE_TRY(wait_for_copies(report));
  return check(block, crc);
}

Status Mover::begin_window(const Block& block, std::uint64_t index, const MoveOrder& order,
                           MoveReport& report) {
  Window& window = windows_[index % 2];
  window.begin = index * options_.window.count;
  window.end = std::min(window.begin + options_.window.count, block.size.count);
  window.n_outstanding = 0;
  if (is_staged(order)) {
    const Stopwatch watch(report.copy_ns);
    BLUE_TRY(halves_[index % 2].copied->wait());  // of two windows ago
    window.host = halves_[index % 2].host;
  } else {
    window.host = order.into + window.begin;
  }
  zero_padding(block, window.begin, window.end, window.host);
  for (const BlockExtent& extent : block.extents) {
    Status submitted = submit_extent(extent, window, index);
    if (!submitted) return read_error(block, submitted.error());
  }
  return {};
}

Status Mover::submit_extent(const BlockExtent& extent, const Window& window, std::uint64_t index) {
  std::uint64_t at = std::max(extent.block_offset, window.begin);
  const std::uint64_t end = std::min(extent.block_offset + extent.size, window.end);
  if (at >= end) return {};
  BLUE_TRY_ASSIGN(const hal::FileId file, file_of(extent.file));
  while (at < end) {
    const std::uint64_t n = std::min(end - at, kReadBytes);
    const hal::ReadRequest request{.file = file,
                                   .offset = extent.file_offset + (at - extent.block_offset),
                                   .into = ByteSpan(window.host + (at - window.begin), n),
                                   .tag = index};
    BLUE_TRY_ASSIGN(const bool is_queued, reader_.submit(request));
    if (is_queued) {
      windows_[index % 2].n_outstanding += 1;
      at += n;
    } else {
      BLUE_TRY(reap_some());
    }
  }
  return {};
}

Status Mover::finish_window(std::uint64_t index, MoveReport& report) {
  const Stopwatch watch(report.read_ns);
  while (windows_[index % 2].n_outstanding > 0) BLUE_TRY(reap_some());
  return {};
}

Status Mover::reap_some() {
  std::array<hal::ReadCompletion, 16> completions;
  BLUE_TRY_ASSIGN(const std::size_t n, reader_.reap(completions, hal::FileReader::Reap::wait));
  Status first;
  for (std::size_t i = 0; i < n; ++i) {
    // At most two windows are under way, so the index's parity names one.
    windows_[completions[i].tag % 2].n_outstanding -= 1;
    if (!completions[i].status && first) first = std::move(completions[i].status);
  }
  return first;
}

void Mover::drain() {
  std::array<hal::ReadCompletion, 16> completions;
  while (reader_.n_in_flight() > 0) {
    if (!reader_.reap(completions, hal::FileReader::Reap::wait))
      return;  // a reader that cannot reap has failed for good
  }
}

Status Mover::copy_window(std::uint64_t index, const MoveOrder& order) {
  const Window& window = windows_[index % 2];
  BLUE_TRY(device_.copy_to_device(order.into + window.begin, window.host,
                                  Bytes{window.end - window.begin}, *stream_));
  return stream_->record(*halves_[index % 2].copied);
}

Status Mover::wait_for_copies(MoveReport& report) {
  const Stopwatch watch(report.copy_ns);
  for (StagingHalf& half : halves_) BLUE_TRY(half.copied->wait());
  return {};
}

Status Mover::copy_locked(const Block& block, const MoveOrder& order, MoveReport& report) {
  BLUE_CHECK(order.from != nullptr);
  BLUE_TRY(device_.copy_to_device(order.into, order.from, block.size, *stream_));
  BLUE_TRY(stream_->record(*halves_[0].copied));
  return wait_for_copies(report);
}

Status Mover::copy_staged(const Block& block, const MoveOrder& order, MoveReport& report) {
  BLUE_CHECK(order.from != nullptr);
  if (device_is_host_) return copy_locked(block, order, report);
  std::uint64_t index = 0;
  for (std::uint64_t begin = 0; begin < block.size.count; begin += options_.window.count, ++index) {
    StagingHalf& half = halves_[index % 2];
    {
      const Stopwatch watch(report.copy_ns);
      BLUE_TRY(half.copied->wait());
    }
    const std::uint64_t end = std::min(begin + options_.window.count, block.size.count);
    windows_[index % 2] = Window{.begin = begin, .end = end, .host = half.host, .n_outstanding = 0};
    std::memcpy(half.host, order.from + begin, end - begin);
    BLUE_TRY(copy_window(index, order));
  }
  return wait_for_copies(report);
}

Status Mover::check(const Block& block, std::uint32_t crc) {
  const std::uint32_t known = catalog_.remember_checksum(block.id, crc);
  if (known == crc) return {};
  const std::string path =
      block.extents.empty() ? std::string("no file") : catalog_.path(block.extents[0].file);
  return Error(MemoryError::block_corrupt,
               "block " + block.name + " of " + path +
                   " is not what was read first: replace the file and start again");
}

Result<hal::FileId> Mover::file_of(std::uint32_t file) {
  if (file >= files_.size()) files_.resize(file + 1);
  if (!files_[file]) {
    BLUE_TRY_ASSIGN(files_[file], reader_.open(catalog_.path(file)));
  }
  return *files_[file];
}

}  // namespace blue::memory
