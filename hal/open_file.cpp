#include "hal/open_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace blue::hal {
namespace {

ssize_t pread_retrying(int descriptor, void* into, std::size_t size, off_t offset) {
  ssize_t n_read = 0;
  do {
    n_read = ::pread(descriptor, into, size, offset);
  } while (n_read < 0 && errno == EINTR);
  return n_read;
}

/// Do reads of `unit` bytes work, at an address that is a multiple of `unit` and of nothing more,
/// at the first offsets that are? The second one, because file systems answer reads at or past the
/// end without looking at alignment.
bool can_read_at(int descriptor, std::size_t unit) {
  alignas(8192) static thread_local std::array<std::byte, 8192 + 4096> space;
  for (const std::size_t offset : {std::size_t{0}, unit})
    if (pread_retrying(descriptor, space.data() + unit, unit, static_cast<off_t>(offset)) < 0)
      return false;
  return true;
}

/// Does the page cache hold the file? Asks for single bytes over its whole length, without waiting
/// for the drive; the first that is not there answers.
bool is_cached(int descriptor) {
  constexpr std::uint64_t kSamples = 64;
  struct stat about {};
  if (::fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size == 0)
    return false;
  // Else the miss that answers would also make the kernel read ahead.
  static_cast<void>(::posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM));
  const auto last = static_cast<std::uint64_t>(about.st_size - 1);
  for (std::uint64_t i = 0; i < kSamples; ++i) {
    std::byte sample{};
    const iovec into{&sample, 1};
    const auto offset = static_cast<off_t>(last / (kSamples - 1) * i);
    if (::preadv2(descriptor, &into, 1, offset, RWF_NOWAIT) != 1) return false;
  }
  static_cast<void>(::posix_fadvise(descriptor, 0, 0, POSIX_FADV_NORMAL));
  return true;
}

int open_retrying(const std::string& path, int flags) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_RDONLY | O_CLOEXEC);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

Status check_kind(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0)
    return Error(HalError::bad_file, path + ": " + std::strerror(errno) + "; name a readable file");
  if (S_ISDIR(about.st_mode))
    return Error(HalError::bad_file, path + ": is a directory; name a file in it");
  // A pipe or a terminal has no offsets, and opening one may block for ever.
  if (!S_ISREG(about.st_mode) && !S_ISBLK(about.st_mode))
    return Error(HalError::bad_file, path + ": is neither a regular file nor a block device");
  return {};
}

}  // namespace

std::optional<DirectAlignment> probe_direct_alignment(int descriptor) {
#ifdef STATX_DIOALIGN
  struct statx about {};
  if (::statx(descriptor, "", AT_EMPTY_PATH, STATX_DIOALIGN, &about) == 0 &&
      (about.stx_mask & STATX_DIOALIGN) != 0) {
    // Zeros mean: direct reading is not supported on this file.
    if (about.stx_dio_offset_align == 0) return std::nullopt;
    const std::uint64_t address = std::max<std::uint64_t>(about.stx_dio_mem_align, 1);
    const std::uint64_t file = std::max<std::uint64_t>({about.stx_dio_offset_align, address, 2});
    return DirectAlignment{.file = Bytes{file}, .address = Bytes{address}};
  }
#endif
  for (const std::size_t unit : {std::size_t{512}, std::size_t{4096}})
    if (can_read_at(descriptor, unit))
      return DirectAlignment{.file = Bytes{unit}, .address = Bytes{unit}};
  return std::nullopt;
}

Result<OpenFile> OpenFile::open(const std::string& path, FileAccess access) {
  BLUE_TRY(check_kind(path));
  if (access == FileAccess::direct_unless_cached) {
    if (const int descriptor = open_retrying(path, 0); descriptor >= 0) {
      OpenFile file(descriptor, path);
      if (is_cached(descriptor)) return file;
    }
  }
  if (access != FileAccess::buffered) {
    // A file system without O_DIRECT refuses to open with it (EINVAL): then the buffered way below.
    if (const int descriptor = open_retrying(path, O_DIRECT); descriptor >= 0) {
      OpenFile file(descriptor, path);
      if (const auto alignment = probe_direct_alignment(descriptor)) {
        file.alignment_ = *alignment;
        return file;
      }
    }
  }
  const int descriptor = open_retrying(path, 0);
  if (descriptor < 0)
    return Error(HalError::bad_file, path + ": cannot be opened: " + std::strerror(errno));
  return OpenFile(descriptor, path);
}

OpenFile::OpenFile(OpenFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      alignment_(other.alignment_) {}

OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(alignment_, other.alignment_);
  return *this;
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<Bytes> OpenFile::size() const {
  struct stat about {};
  if (::fstat(descriptor_, &about) != 0)
    return Error(HalError::io_failed, path_ + ": size cannot be read: " + std::strerror(errno));
  if (!S_ISBLK(about.st_mode)) return Bytes{static_cast<std::uint64_t>(about.st_size)};
  std::uint64_t n_bytes = 0;
  if (::ioctl(descriptor_, BLKGETSIZE64, &n_bytes) != 0)
    return Error(HalError::io_failed,
                 path_ + ": size of the device cannot be read: " + std::strerror(errno));
  return Bytes{n_bytes};
}

Error OpenFile::short_file(std::uint64_t offset, std::uint64_t wanted, std::uint64_t got) const {
  return {HalError::short_file, path_ + ": ends too early: " + std::to_string(wanted) +
                                    " bytes wanted at offset " + std::to_string(offset) + ", " +
                                    std::to_string(got) +
                                    " are there; the file is truncated, replace it"};
}

Error OpenFile::io_failed(std::uint64_t offset, std::uint64_t wanted, int failure) const {
  return {HalError::io_failed, path_ + ": reading " + std::to_string(wanted) + " bytes at offset " +
                                   std::to_string(offset) + " failed: " + std::strerror(failure)};
}

}  // namespace blue::hal
