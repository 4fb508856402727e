// A file opened for reading, with what the readers need: its path for messages, and
// the alignment at which the drive reads without the page cache. Shared by the file readers.
// Depends on base and hal_error. Threads: belongs to its reader. Lifetime: the destructor closes
// the file.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "hal/hal_error.h"

namespace blue::hal {

enum class FileAccess : std::uint8_t {
  buffered,  ///< through the page cache
  /// O_DIRECT where the file system grants it and a trial proves it, else buffered
  direct_if_possible,
  /// buffered where the page cache holds the file already, else as direct_if_possible
  direct_unless_cached,
};

/// At what multiples a file is read directly.
struct DirectAlignment {
  Bytes file{1};     ///< offsets and lengths
  Bytes address{1};  ///< divides `file`
};

class OpenFile {
 public:
  /// Regular files and block devices. Errors: bad_file (absent, directory, pipe, unreadable; names
  /// the path).
  static Result<OpenFile> open(const std::string& path, FileAccess access);

  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Offset and length alignment of direct reads, which is one of addresses too; 1 when the file is
  /// read through the page cache.
  [[nodiscard]] Bytes alignment() const { return alignment_.file; }
  /// The least alignment of addresses: on most NVMe drives 4 bytes.
  [[nodiscard]] Bytes address_alignment() const { return alignment_.address; }
  [[nodiscard]] bool is_direct() const { return alignment_.file.count > 1; }
  /// As it is now. Errors: io_failed.
  [[nodiscard]] Result<Bytes> size() const;

  [[nodiscard]] Error short_file(std::uint64_t offset, std::uint64_t wanted,
                                 std::uint64_t got) const;
  /// `failure`: an errno.
  [[nodiscard]] Error io_failed(std::uint64_t offset, std::uint64_t wanted, int failure) const;

 private:
  OpenFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_ = -1;
  std::string path_;
  DirectAlignment alignment_;
};

/// Does a read of `size` bytes at `offset` end where file offsets end (2^63)? A hostile file's
/// numbers may not.
[[nodiscard]] constexpr bool is_addressable(std::uint64_t offset, std::uint64_t size) {
  constexpr std::uint64_t kEnd = (std::uint64_t{1} << 63) - 1;
  return offset <= kEnd && size <= kEnd - offset;
}

/// The alignment at which `descriptor`, opened with O_DIRECT, reads; nothing when it does not. Asks
/// statx (STATX_DIOALIGN, Linux 6.1), and where that gives nothing, tries 512 and 4096 bytes.
[[nodiscard]] std::optional<DirectAlignment> probe_direct_alignment(int descriptor);

}  // namespace blue::hal
