// The disk part of hal/machine_measure.h.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/log_sink.h"
#include "hal/host_memory.h"
#include "hal/machine_measure.h"

namespace blue::hal {
namespace {

constexpr std::size_t kReadSize = std::size_t{1} << 20;
constexpr std::size_t kReadsUnderWay = 8;

/// What the readings of one measurement share.
struct DiskRun {
  FileReader& reader;
  FileId file;
  std::uint64_t file_size = 0;
  ByteSpan space;  ///< kReadsUnderWay buffers; a request's tag is the index of its buffer
  std::uint64_t next_offset = 0;
  std::uint64_t n_read = 0;

  /// The next stretch of the file into buffer `index`, at its end from its start again; false when
  /// the queue is full.
  Result<bool> submit(std::size_t index) {
    const std::uint64_t left = file_size - next_offset;
    const std::size_t size = std::min<std::uint64_t>(left, kReadSize);
    BLUE_TRY_ASSIGN(
        const bool has_room,
        reader.submit({file, next_offset, space.subspan(index * kReadSize, size), index}));
    if (!has_room) return false;
    n_read += size;
    next_offset = size == left ? 0 : next_offset + size;
    return true;
  }
};

/// Keeps the queue full until `end`, then drains it.
Status read_until(DiskRun& run, Nanoseconds end) {
  for (std::size_t index = 0; index < kReadsUnderWay; ++index) {
    BLUE_TRY_ASSIGN(const bool has_room, run.submit(index));
    if (!has_room) break;  // a reader with a shorter queue
  }
  std::array<ReadCompletion, kReadsUnderWay> done;
  while (run.reader.n_in_flight() > 0) {
    BLUE_TRY_ASSIGN(const std::size_t n_done, run.reader.reap(done, FileReader::Reap::wait));
    for (std::size_t i = 0; i < n_done; ++i) {
      BLUE_TRY(std::move(done[i].status));
      if (monotonic_now_ns() < end) BLUE_TRY(run.submit(done[i].tag));
    }
  }
  return {};
}

/// Buffers must outlive reads under way, so these are awaited before an error is returned.
Status drain(FileReader& reader) {
  std::array<ReadCompletion, kReadsUnderWay> done;
  while (reader.n_in_flight() > 0) BLUE_TRY(reader.reap(done, FileReader::Reap::wait));
  return {};
}

Status write_all(int descriptor, Bytes size, const std::string& path) {
  std::vector<std::uint64_t> block(kReadSize / sizeof(std::uint64_t));
  // Not zeros and not a pattern: drives and file systems compress, and would then be measured at
  // nothing.
  std::uint64_t state = 0x9e3779b97f4a7c15;
  for (std::uint64_t left = size.count; left > 0;) {
    for (std::uint64_t& word : block) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      word = state;
    }
    const ssize_t n_written =
        ::write(descriptor, block.data(), std::min<std::uint64_t>(left, kReadSize));
    if (n_written < 0 && errno == EINTR) continue;
    if (n_written < 0)
      return Error(HalError::out_of_memory,
                   path + ": writing failed: " + std::strerror(errno) + "; free space there");
    left -= static_cast<std::uint64_t>(n_written);
  }
  if (::fsync(descriptor) != 0)
    return Error(HalError::io_failed, path + ": fsync failed: " + std::strerror(errno));
  return {};
}

}  // namespace

Result<MeasuredDisk> measure_disk_read(FileReader& reader, const std::string& path,
                                       Nanoseconds budget_ns) {
  BLUE_TRY_ASSIGN(const FileId file, reader.open(path));
  BLUE_TRY_ASSIGN(const Bytes file_size, reader.size(file));
  if (file_size.count == 0)
    return Error(HalError::short_file, path + ": is empty, nothing to measure");
  MemoryBudget budget("disk measurement", Bytes{kReadSize * kReadsUnderWay});
  NullLogSink silence;
  BLUE_TRY_ASSIGN(
      const HostBuffer space,
      HostBuffer::allocate({.size = budget.limit(), .purpose = "read buffers"}, budget, silence));
  std::memset(space.span().data(), 0,
              space.span().size());  // faulting pages in is not the drive's work
  DiskRun run{.reader = reader, .file = file, .file_size = file_size.count, .space = space.span()};
  const Nanoseconds start = monotonic_now_ns();
  Status status = read_until(run, start + budget_ns);
  BLUE_TRY(drain(reader));
  BLUE_TRY(std::move(status));
  const MeasuredRate rate{{run.n_read}, monotonic_now_ns() - start, 1, file_size};
  return MeasuredDisk{rate, reader.alignment(file).count > 1};
}

Result<ScratchFile> ScratchFile::create(const std::string& folder, Bytes size) {
  std::string path = folder + "/.blue-measure-XXXXXX";
  const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0) {
    const int failure = errno;
    const HalError code =
        failure == ENOENT || failure == ENOTDIR ? HalError::bad_file : HalError::denied;
    return Error(code, folder + ": no scratch file can be made there: " + std::strerror(failure));
  }
  ScratchFile file(path);
  Status status = write_all(descriptor, size, path);
  ::close(descriptor);
  BLUE_TRY(std::move(status));
  return file;
}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}

ScratchFile::~ScratchFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace blue::hal
