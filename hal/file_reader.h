// Reading files at given offsets into given memory: one contract, two implementations (io_uring
// with O_DIRECT, and pread), each the other's oracle. Depends on base and hal_error.
// Threads: a FileReader belongs to one thread. Lifetime: a reader closes its files.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/id.h"
#include "base/result.h"
#include "base/span.h"
#include "base/units.h"
#include "hal/hal_error.h"

namespace blue::hal {

using FileId = Id<struct FileTag>;

/// One read: `into.size()` bytes of `file` from `offset`. Any alignment is allowed; aligned ones
/// (see FileReader::alignment) go to the drive without a bounce.
struct ReadRequest {
  FileId file;
  std::uint64_t offset = 0;
  ByteSpan into;
  std::uint64_t tag = 0;  ///< returned in the completion
};

struct ReadCompletion {
  std::uint64_t tag = 0;
  Status status;  ///< short_file, io_failed
};

class FileReader {
 public:
  virtual ~FileReader() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;  ///< "io_uring", "pread"

  /// Errors: bad_file (absent, directory, unreadable; the message names the path).
  [[nodiscard]] virtual Result<FileId> open(const std::string& path) = 0;
  [[nodiscard]] virtual Result<Bytes> size(FileId file) const = 0;

  /// The offset, length and address alignment that avoids a bounce buffer for this file; probed, 1
  /// when direct reading is not possible there.
  [[nodiscard]] virtual Bytes alignment(FileId file) const = 0;

  /// Queues a read if the bounded queue has room; false when it is full (reap first). Requests own
  /// nothing: `into` must stay valid until its completion was reaped.
  [[nodiscard]] virtual Result<bool> submit(const ReadRequest& request) = 0;

  /// Returns finished reads and their number; waits for at least one if `should_wait` and any is
  /// under way.
  enum class Reap : std::uint8_t { poll, wait };
  [[nodiscard]] virtual Result<std::size_t> reap(std::span<ReadCompletion> out, Reap mode) = 0;

  /// Reads submitted and not reaped.
  [[nodiscard]] virtual std::size_t n_in_flight() const = 0;

  /// Why reads are served more slowly than name() says; empty while they are not.
  [[nodiscard]] virtual std::string refusal() const { return {}; }

  /// Registers memory that many reads will target (io_uring registered buffers); a hint, harmless
  /// elsewhere. The range must stay mapped for the reader's lifetime: the kernel keeps its pages,
  /// not its address.
  /// Errors: absent, denied (a limit; reads into the range work all the same).
  [[nodiscard]] virtual Status register_buffer(ByteSpan range) = 0;
};

/// Reads one range and waits for it. The reader must have nothing else in flight.
[[nodiscard]] Status read_fully(FileReader& reader, FileId file, std::uint64_t offset,
                                ByteSpan into);

[[nodiscard]] Result<std::unique_ptr<FileReader>> open_pread_reader();
/// Errors: absent or denied where the kernel has or allows no io_uring; the caller falls back to
/// pread and logs it.
[[nodiscard]] Result<std::unique_ptr<FileReader>> open_uring_reader(unsigned queue_depth);

}  // namespace blue::hal
