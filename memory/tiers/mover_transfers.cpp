// What a mover has under way: reads of the file reader and copies of the device.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "memory/tiers/mover.h"

namespace blue::memory {
namespace {

/// A reader whose reap fails so often in a row has failed for good.
constexpr int kMostFailedReaps = 3;

}  // namespace

Error Mover::read_error(const Block& block, const std::string& why) {
  return Error(MemoryError::read_failed, "block " + block.name + ": " + why);
}

/// Submits what is left of the part's reads, as far as the reader takes them.
Result<Mover::Sent> Mover::send_reads(Part& part, std::size_t index) {
  const Block& block = *moves_[part.move].block;
  for (; part.sent_segments < part.n_segments; ++part.sent_segments, part.sent_bytes = 0) {
    const PlacedSegment& placed = part.segments[part.sent_segments];
    if (placed.bytes.n_read == 0) continue;
    if (lost_reader_) return read_error(block, *lost_reader_);
    const Result<File> file = file_of(placed.bytes.file);
    if (!file) return read_error(block, file.error().message());
    // What is read beyond the segment's bytes ends with the file; the bytes themselves do not,
    // so that a file that is too short is an error.
    const std::uint64_t wanted = placed.bytes.file_offset + placed.bytes.n_read;
    const std::uint64_t end =
        std::max(wanted, std::min(placed.read.offset + placed.read.into.size(), file->size));
    const std::uint64_t size = end - placed.read.offset;
    while (part.sent_bytes < size) {
      if (n_reads_ >= options_.most_reads) return Sent::some;
      hal::ReadRequest request = placed.read;
      request.file = file->id;
      request.tag = index;
      request.offset += part.sent_bytes;
      const std::uint64_t n =
          read_size(request.offset, size - part.sent_bytes, options_.read.count);
      request.into = request.into.subspan(part.sent_bytes, n);
      const Result<bool> is_queued = reader_.submit(request);
      if (!is_queued) return read_error(block, is_queued.error().message());
      if (!*is_queued) return Sent::some;
      part.sent_bytes += n;
      part.n_reads += 1;
      n_reads_ += 1;
    }
  }
  return Sent::all;
}

bool Mover::reap_reads(hal::FileReader::Reap how) {
  if (n_reads_ == 0) return false;
  std::array<hal::ReadCompletion, 16> completions;
  bool has_ended = false;
  std::size_t n = completions.size();
  while (n == completions.size() && n_reads_ > 0) {
    const Result<std::size_t> reaped = reader_.reap(completions, how);
    if (!reaped) {
      if (++n_failed_reaps_ >= kMostFailedReaps) lose_reader(reaped.error());
      return has_ended;
    }
    n_failed_reaps_ = 0;
    n = *reaped;
    how = hal::FileReader::Reap::poll;
    for (std::size_t i = 0; i < n; ++i) {
      Part& part = parts_[completions[i].tag];
      BLUE_CHECK(part.n_reads > 0, "a read ended that was not submitted");
      part.n_reads -= 1;
      n_reads_ -= 1;
      has_ended = true;
      Move& move = moves_[part.move];
      if (!completions[i].status && move.goes_on())
        fail(move, read_error(*move.block, completions[i].status.error().message()));
    }
  }
  return has_ended;
}

/// The reader tells no more what has ended: every read under way counts as failed, no further one
/// is submitted, and the slots that it may still write to are not used again.
void Mover::lose_reader(const Error& error) {
  lost_reader_ = error.message();
  for (Part& part : parts_) {
    if (part.n_reads == 0) continue;
    Move& move = moves_[part.move];
    fail(move, read_error(*move.block, *lost_reader_));
    part.n_reads = 0;
    part.slot = nullptr;
  }
  n_reads_ = 0;
}

/// Enqueues the part's copies to the device, out of its slot or of the host memory that the order
/// names.
void Mover::begin_copy(Move& move, Part& part) {
  if (move.first_copy_ns == 0) move.first_copy_ns = monotonic_now_ns();
  const auto copy = [&](std::uint64_t begin, const std::byte* host, std::uint64_t size) {
    return device_.copy_to_device(move.order.into + begin, host, Bytes{size}, *stream_);
  };
  Status status;
  if (is_out_of_file(move)) {
    for (std::size_t i = 0; i < part.n_segments && status; ++i) {
      const PlacedSegment& placed = part.segments[i];
      status = copy(placed.bytes.begin, placed.host, placed.bytes.size());
    }
  } else {
    const std::byte* host = move.order.from + part.begin;
    const std::uint64_t size = part.end - part.begin;
    if (part.slot != nullptr) host = static_cast<std::byte*>(std::memcpy(part.slot, host, size));
    status = copy(part.begin, host, size);
  }
  // Also after an error: what was enqueued before it still reads the slot.
  const Status recorded = stream_->record(*part.copied);
  if (status && !recorded) status = recorded.error();
  if (!status) fail(move, std::move(status).error().within("block " + move.block->name));
  if (recorded) {
    part.is_copying = true;
    copying_.push_back(static_cast<std::size_t>(&part - parts_.data()));
  } else {
    static_cast<void>(stream_->synchronize());  // the first error is the one reported
  }
}

bool Mover::reap_copies() {
  bool has_ended = false;
  while (!copying_.empty() &&
         end_copy(copying_.front(), parts_[copying_.front()].copied->is_done()))
    has_ended = true;
  return has_ended;
}

/// Whether the copy of the part, the first in the stream, has ended; with an error too.
bool Mover::end_copy(std::size_t index, Result<bool> is_done) {
  Part& part = parts_[index];
  if (is_done && !*is_done) return false;
  part.is_copying = false;
  copying_.erase(copying_.begin());
  Move& move = moves_[part.move];
  if (!is_done) fail(move, std::move(is_done).error().within("block " + move.block->name));
  return true;
}

Result<Mover::File> Mover::file_of(std::uint32_t file) {
  if (file >= files_.size()) files_.resize(file + 1);
  if (!files_[file]) {
    File opened;
    BLUE_TRY_ASSIGN(opened.id, reader_.open(catalog_.path(file)));
    BLUE_TRY_ASSIGN(const Bytes size, reader_.size(opened.id));
    opened.size = size.count;
    files_[file] = opened;
  }
  return *files_[file];
}

}  // namespace blue::memory
