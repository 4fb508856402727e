// The file reader on io_uring: direct reads (O_DIRECT) where the file system grants them, into
// registered buffers where the caller registered them, with a bounded number under way.
//
// A request occupies a slot and goes to the kernel piece by piece, one piece at a time. A piece is
// either direct, from an aligned offset to an aligned address, or a bounce: an aligned window of
// the file that is read into the slot's own buffer and copied out of. Only the unaligned ends of a
// request bounce, unless its address and offset disagree in alignment; then all of it does, in one
// piece where it is of the usual size.
// A kernel that refuses the ring after it was opened (a filter of system calls) costs its speed,
// not the reads: pieces that it does not take are read with pread from then on.
#include <liburing.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hal/file_reader.h"
#include "hal/open_file.h"
#include "hal/reader_choice.h"

namespace blue::hal {
namespace {

constexpr unsigned kMostSlots = 4096;
/// A request of 1 MiB with a little more, as models' files are read in, bounces in one piece.
constexpr std::size_t kBounceSize = (std::size_t{1} << 20) + (std::size_t{128} << 10);
/// So much of the bounce memory is registered, and so held in memory: of the slots used first.
constexpr std::size_t kMostBounceHeld = std::size_t{40} << 20;
/// No drive needs more.
constexpr std::size_t kBounceAlignment = std::size_t{64} << 10;
/// The kernel registers at most 1 GiB as one buffer.
constexpr std::size_t kLargestRegistered = std::size_t{1} << 30;
constexpr std::size_t kLargestPiece = std::size_t{1} << 30;
constexpr unsigned kMostRegistered = 256;
/// Pieces of one request that are sent again before they are read without the ring.
constexpr unsigned kMostRefusals = 16;
/// Where no call waits for a completion: how long until the next look.
constexpr std::chrono::microseconds kRefusedNap{50};

struct Slot {
  ReadRequest request;
  std::size_t done = 0;           ///< bytes of the request that are in place
  std::uint64_t piece_start = 0;  ///< file offset of the piece under way
  std::size_t piece_size = 0;
  bool is_bounce = false;
  unsigned n_refusals = 0;  ///< pieces that the kernel asked to send again
};

struct Finished {
  unsigned slot = 0;
  Status status;
};

/// One registered range of memory: its index in the kernel is its index here.
struct RegisteredRange {
  std::byte* start = nullptr;
  std::size_t size = 0;
};

/// Memory for every slot's window, aligned for any accepted drive; touched only by a bounce.
class BounceMemory {
 public:
  explicit BounceMemory(std::size_t n_slots) : size_(n_slots * kBounceSize + kBounceAlignment) {
    void* at = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at != MAP_FAILED) start_ = static_cast<std::byte*>(at);
  }
  BounceMemory(const BounceMemory&) = delete;
  BounceMemory& operator=(const BounceMemory&) = delete;
  ~BounceMemory() {
    if (start_ != nullptr) munmap(start_, size_);
  }
  [[nodiscard]] bool is_mapped() const { return start_ != nullptr; }
  [[nodiscard]] ByteSpan whole() const { return {start_, size_}; }
  [[nodiscard]] std::byte* window(unsigned slot) const {
    const auto address = reinterpret_cast<std::uintptr_t>(start_);
    return start_ + (round_up(address, kBounceAlignment) - address) + slot * kBounceSize;
  }

 private:
  std::byte* start_ = nullptr;
  std::size_t size_;
};

class UringReader final : public FileReader {
 public:
  UringReader(unsigned queue_depth, FileAccess access)
      : access_(access), bounce_(queue_depth), slots_(queue_depth) {
    free_.reserve(queue_depth);
    finished_.reserve(queue_depth);
    unsent_.reserve(queue_depth);
    for (unsigned slot = queue_depth; slot-- > 0;) free_.push_back(slot);
  }

  /// The kernel may still write into callers' memory and into bounce_: wait for every piece under
  /// way.
  ~UringReader() override {
    if (!is_open_) return;
    n_pieces_ -= unsent_.size();  // the kernel has not heard of these
    while (n_pieces_ > 0) {
      io_uring_cqe* cqe = nullptr;
      while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
        io_uring_cqe_seen(&ring_, cqe);
        --n_pieces_;
      }
      if (n_pieces_ > 0) std::this_thread::sleep_for(kRefusedNap);
    }
    io_uring_queue_exit(&ring_);
  }

  Status start() {
    if (!bounce_.is_mapped())
      return Error(HalError::out_of_memory, "io_uring: no memory for bounce buffers");
    const int failure = io_uring_queue_init(static_cast<unsigned>(slots_.size()), &ring_, 0);
    if (failure == 0) {
      is_open_ = true;
      return try_entering();
    }
    return refused_setup(failure);
  }

  static Error refused_setup(int failure) {
    const std::string why = std::string(" (") + std::strerror(-failure) + ")";
    if (failure == -ENOSYS)
      return Error(HalError::absent, "io_uring: this kernel has none" + why + "; Linux 5.6 has");
    if (failure == -EPERM || failure == -EACCES)
      return Error(HalError::denied,
                   "io_uring: refused" + why +
                       "; set kernel.io_uring_disabled=0, or allow io_uring_setup "
                       "in the container's seccomp profile");
    return Error(HalError::denied, "io_uring: cannot be set up" + why +
                                       "; raise `ulimit -l`, or use a shorter queue");
  }

  /// A filter of system calls may let io_uring_setup through and refuse io_uring_enter: an empty
  /// operation shows it before anything depends on the ring.
  Status try_entering() {
    io_uring_prep_nop(io_uring_get_sqe(&ring_));
    int failure = 0;
    do {
      failure = io_uring_submit_and_wait(&ring_, 1);
    } while (failure == -EINTR || failure == -EAGAIN);
    io_uring_cqe* cqe = nullptr;
    if (failure < 0 || io_uring_peek_cqe(&ring_, &cqe) != 0)
      return Error(HalError::denied, std::string("io_uring: io_uring_enter is refused (") +
                                         std::strerror(failure < 0 ? -failure : EIO) +
                                         "); allow it in the container's seccomp profile");
    io_uring_cqe_seen(&ring_, cqe);
    return {};
  }

  [[nodiscard]] std::string_view name() const override { return "io_uring"; }

  [[nodiscard]] Result<FileId> open(const std::string& path) override {
    BLUE_TRY_ASSIGN(auto file, OpenFile::open(path, access_));
    // A window must hold whole units. No drive needs more than 64 KiB, but the kernel's value is
    // checked.
    if (kBounceAlignment % file.alignment().count != 0)
      return Error(HalError::bad_file,
                   path + ": the drive asks for an alignment of " + to_text(file.alignment()));
    // A hint: without it the kernel looks up and holds the pages of a bounce at every read.
    if (file.is_direct() && !std::exchange(is_bounce_offered_, true))
      static_cast<void>(register_buffer(
          bounce_.whole().first(std::min(bounce_.whole().size(), kMostBounceHeld))));
    files_.push_back(std::move(file));
    return FileId{static_cast<FileId::Value>(files_.size() - 1)};
  }

  [[nodiscard]] std::string refusal() const override { return refusal_; }
  [[nodiscard]] Result<Bytes> size(FileId file) const override { return file_of(file).size(); }
  [[nodiscard]] Bytes alignment(FileId file) const override { return file_of(file).alignment(); }
  [[nodiscard]] std::size_t n_in_flight() const override { return slots_.size() - free_.size(); }

  [[nodiscard]] Result<bool> submit(const ReadRequest& request) override {
    const OpenFile& file = file_of(request.file);
    if (free_.empty()) return false;
    const unsigned slot = free_.back();
    free_.pop_back();
    slots_[slot] = {.request = request};
    if (!is_addressable(request.offset, request.into.size()))
      finish(slot, file.short_file(request.offset, request.into.size(), 0));
    else if (request.into.empty())
      finish(slot, {});
    else
      enqueue_next_piece(slot);
    flush();
    return true;
  }

  [[nodiscard]] Result<std::size_t> reap(std::span<ReadCompletion> out, Reap mode) override;
  [[nodiscard]] Status register_buffer(ByteSpan range) override;

 private:
  [[nodiscard]] const OpenFile& file_of(FileId file) const {
    BLUE_CHECK(file.value < files_.size(), "a file that this reader did not open");
    return files_[file.value];
  }
  /// The slot stays taken until its completion is reaped: that bounds both.
  void finish(unsigned slot, Status status) { finished_.push_back({slot, std::move(status)}); }
  void plan_piece(Slot& slot) const;
  void enqueue_next_piece(unsigned slot);
  [[nodiscard]] bool take_result(unsigned slot, int result);
  void read_rest_here(unsigned slot);
  [[nodiscard]] int read_here(const Slot& slot, unsigned index) const;
  [[nodiscard]] std::optional<int> registered_index(const std::byte* at, std::size_t size) const;
  void note_sent(int n_sent);
  void flush();
  void refuse_ring(int failure);
  void wait_for_ring();

  FileAccess access_;
  io_uring ring_{};
  bool is_open_ = false;
  BounceMemory bounce_;
  std::vector<OpenFile> files_;
  std::vector<Slot> slots_;
  std::vector<unsigned> free_;
  std::vector<Finished> finished_;
  bool has_table_ = false;
  std::vector<RegisteredRange> registered_;
  bool is_bounce_offered_ = false;
  std::size_t n_pieces_ = 0;      ///< in the kernel or on the way to it
  std::vector<unsigned> unsent_;  ///< slots whose pieces are on the way, in the ring's order
  std::string refusal_;           ///< why the ring is not used any more
};

/// Decides the next piece of a request: direct as far as alignment lets it, else a bounce window.
void UringReader::plan_piece(Slot& slot) const {
  const ReadRequest& request = slot.request;
  const std::uint64_t unit = file_of(request.file).alignment().count;
  const std::uint64_t address_unit = file_of(request.file).address_alignment().count;
  const std::uint64_t position = request.offset + slot.done;
  const std::uint64_t address = reinterpret_cast<std::uintptr_t>(request.into.data() + slot.done);
  const std::uint64_t remaining = request.into.size() - slot.done;
  const std::uint64_t skip = position % unit;
  if (skip == 0 && address % address_unit == 0 && remaining >= unit) {
    slot.is_bounce = false;
    slot.piece_start = position;
    slot.piece_size = std::min<std::uint64_t>(remaining - remaining % unit, kLargestPiece);
    return;
  }
  const bool is_middle_aligned =
      skip > 0 && (address + unit - skip) % address_unit == 0 && remaining >= unit - skip + unit;
  const std::uint64_t wanted = is_middle_aligned ? unit - skip : remaining;
  slot.is_bounce = true;
  slot.piece_start = position - skip;
  slot.piece_size = std::min<std::uint64_t>(round_up(skip + wanted, unit), kBounceSize);
}

void UringReader::enqueue_next_piece(unsigned index) {
  plan_piece(slots_[index]);
  if (!refusal_.empty()) return read_rest_here(index);
  Slot& slot = slots_[index];
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  BLUE_CHECK(sqe != nullptr, "more pieces than slots");
  const int descriptor = file_of(slot.request.file).descriptor();
  std::byte* at = slot.is_bounce ? bounce_.window(index) : slot.request.into.data() + slot.done;
  const auto size = static_cast<unsigned>(slot.piece_size);
  const auto registered = slot.is_bounce ? std::nullopt : registered_index(at, slot.piece_size);
  if (registered)
    io_uring_prep_read_fixed(sqe, descriptor, at, size, slot.piece_start, *registered);
  else
    io_uring_prep_read(sqe, descriptor, at, size, slot.piece_start);
  io_uring_sqe_set_data64(sqe, index);
  ++n_pieces_;
  unsent_.push_back(index);
}

/// The planned piece and all that follow, with pread.
void UringReader::read_rest_here(unsigned index) {
  while (take_result(index, read_here(slots_[index], index))) plan_piece(slots_[index]);
}

/// The piece under way with pread; bytes read, or a negative errno.
int UringReader::read_here(const Slot& slot, unsigned index) const {
  std::byte* at = slot.is_bounce ? bounce_.window(index) : slot.request.into.data() + slot.done;
  const std::size_t size = std::min<std::size_t>(slot.piece_size, INT_MAX);
  ssize_t got = 0;
  do {
    got = ::pread(file_of(slot.request.file).descriptor(), at, size,
                  static_cast<off_t>(slot.piece_start));
  } while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : static_cast<int>(got);
}

/// `result`: bytes read, or a negative errno. Copies a bounce, and finishes the request; true when
/// it needs another piece instead.
bool UringReader::take_result(unsigned index, int result) {
  Slot& slot = slots_[index];
  const ReadRequest& request = slot.request;
  const OpenFile& file = file_of(request.file);
  if (result == -EINTR || (result == -EAGAIN && ++slot.n_refusals < kMostRefusals)) return true;
  // The kernel could not start a thread of its own for the piece.
  if (result == -ECANCELED || result == -EAGAIN) result = read_here(slot, index);
  if (result < 0) {
    finish(index, file.io_failed(slot.piece_start, slot.piece_size, -result));
    return false;
  }
  auto n_new = static_cast<std::size_t>(result);
  if (slot.is_bounce) {
    const std::size_t skip = request.offset + slot.done - slot.piece_start;
    n_new = n_new > skip ? std::min(n_new - skip, request.into.size() - slot.done) : 0;
    std::memcpy(request.into.data() + slot.done, bounce_.window(index) + skip, n_new);
  }
  slot.done += n_new;
  if (slot.done == request.into.size()) {
    finish(index, {});
    return false;
  }
  // Nothing new means the end of the file. (A window that a signal cut off before the wanted bytes
  // is no such proof.)
  if (n_new == 0) {
    const auto size = file.size();
    if (!size || result == 0 ||
        slot.piece_start + static_cast<std::uint64_t>(result) >= size->count) {
      finish(index,
             size ? file.short_file(request.offset, request.into.size(), slot.done) : size.error());
      return false;
    }
  }
  return true;
}

std::optional<int> UringReader::registered_index(const std::byte* at, std::size_t size) const {
  for (std::size_t i = 0; i < registered_.size(); ++i) {
    const RegisteredRange& range = registered_[i];
    if (at >= range.start && at < range.start + range.size &&
        size <= static_cast<std::size_t>(range.start + range.size - at))
      return static_cast<int>(i);
  }
  return std::nullopt;
}

void UringReader::note_sent(int n_sent) {
  unsent_.erase(unsent_.begin(), unsent_.begin() + n_sent);
}

/// Submits the enqueued pieces to the kernel. Those that it has no room for stay enqueued for the
/// next call.
void UringReader::flush() {
  while (!unsent_.empty()) {
    const int n_taken = io_uring_submit(&ring_);
    if (n_taken >= 0) {
      note_sent(n_taken);
    } else if (n_taken == -EAGAIN || n_taken == -EBUSY) {
      return;
    } else if (n_taken != -EINTR) {
      refuse_ring(-n_taken);
    }
  }
}

/// From now on nothing is submitted to the ring. What it has taken still ends there.
void UringReader::refuse_ring(int failure) {
  refusal_ = std::string("io_uring: io_uring_enter is refused (") + std::strerror(failure) +
             "); files are read with pread, one read at a time";
  const std::vector<unsigned> unsent = std::exchange(unsent_, {});
  n_pieces_ -= unsent.size();
  for (const unsigned slot : unsent) read_rest_here(slot);
}

/// Blocks until a piece has ended, or for a while.
void UringReader::wait_for_ring() {
  if (!refusal_.empty()) return std::this_thread::sleep_for(kRefusedNap);
  const int n_taken = io_uring_submit_and_wait(&ring_, 1);
  if (n_taken >= 0) {
    note_sent(n_taken);
  } else if (n_taken != -EINTR && n_taken != -EAGAIN && n_taken != -EBUSY) {
    refuse_ring(-n_taken);
  }
}

Result<std::size_t> UringReader::reap(std::span<ReadCompletion> out, Reap mode) {
  while (true) {
    io_uring_cqe* cqe = nullptr;
    while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
      const auto slot = static_cast<unsigned>(io_uring_cqe_get_data64(cqe));
      const int result = cqe->res;
      io_uring_cqe_seen(&ring_, cqe);
      --n_pieces_;
      if (take_result(slot, result)) enqueue_next_piece(slot);
    }
    flush();
    const std::size_t n_done = std::min(out.size(), finished_.size());
    for (std::size_t i = 0; i < n_done; ++i) {
      out[i] = {slots_[finished_[i].slot].request.tag, std::move(finished_[i].status)};
      free_.push_back(finished_[i].slot);
    }
    finished_.erase(finished_.begin(), finished_.begin() + static_cast<std::ptrdiff_t>(n_done));
    if (n_done > 0 || out.empty() || mode == Reap::poll || n_in_flight() == 0) return n_done;
    wait_for_ring();
  }
}

Status UringReader::register_buffer(ByteSpan range) {
  if (!has_table_) {
    const int failure = io_uring_register_buffers_sparse(&ring_, kMostRegistered);
    if (failure < 0)
      return Error(HalError::absent, std::string("io_uring: no table of registered buffers (") +
                                         std::strerror(-failure) + "); Linux 5.19 has");
    has_table_ = true;
  }
  for (std::size_t start = 0; start < range.size(); start += kLargestRegistered) {
    if (registered_.size() == kMostRegistered)
      return Error(HalError::denied, "io_uring: all " + std::to_string(kMostRegistered) +
                                         " registered buffers are taken");
    const std::size_t size = std::min(range.size() - start, kLargestRegistered);
    const iovec piece{range.data() + start, size};
    const int n_updated = io_uring_register_buffers_update_tag(
        &ring_, static_cast<unsigned>(registered_.size()), &piece, nullptr, 1);
    if (n_updated < 0)
      return Error(HalError::denied, "io_uring: registering " + to_text(Bytes{size}) +
                                         " refused (" + std::strerror(-n_updated) +
                                         "); raise `ulimit -l`; reads work without");
    registered_.push_back({range.data() + start, size});
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<FileReader>> open_uring_reader(unsigned queue_depth, FileAccess access) {
  if (queue_depth == 0 || queue_depth > kMostSlots)
    return Error(HalError::bad_argument, "io_uring: a queue of " + std::to_string(queue_depth) +
                                             " reads; 1 to " + std::to_string(kMostSlots) +
                                             " are possible");
  auto reader = std::make_unique<UringReader>(queue_depth, access);
  BLUE_TRY(reader->start());
  return std::unique_ptr<FileReader>(std::move(reader));
}

Result<std::unique_ptr<FileReader>> open_uring_reader(unsigned queue_depth) {
  return open_uring_reader(queue_depth, FileAccess::direct_if_possible);
}

}  // namespace blue::hal
