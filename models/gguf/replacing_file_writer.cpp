#include "models/gguf/replacing_file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/check.h"

namespace blue::models {
namespace {

Error write_error(const std::string& path, const std::string& why) {
  return Error(ModelsError::cannot_open,
               path + ": cannot be written: " + why + "; name another file or make room");
}

}  // namespace

Result<ReplacingFileWriter> ReplacingFileWriter::create(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return write_error(path, S_ISDIR(status.st_mode) ? "a directory" : "not a regular file");
  }
  std::string partial = path + ".partial-" + std::to_string(::getpid());
  const int descriptor = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return write_error(path, std::strerror(errno));
  return ReplacingFileWriter(descriptor, path, std::move(partial));
}

ReplacingFileWriter::ReplacingFileWriter(ReplacingFileWriter&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      partial_(std::exchange(other.partial_, {})),
      size_(other.size_) {}

ReplacingFileWriter::~ReplacingFileWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!partial_.empty()) ::unlink(partial_.c_str());
}

Error ReplacingFileWriter::cannot_write(int failure) const {
  return write_error(path_, std::strerror(failure));
}

Status ReplacingFileWriter::write(ConstByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return cannot_write(errno);
    size_ += static_cast<std::uint64_t>(n);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Status ReplacingFileWriter::pad_to(std::uint64_t size) {
  BLUE_CHECK(size >= size_, path_ + ": padding backwards");
  constexpr std::array<std::byte, 256> kZeros{};
  while (size_ < size) {
    BLUE_TRY(
        write(ConstByteSpan(kZeros).first(std::min<std::uint64_t>(kZeros.size(), size - size_))));
  }
  return {};
}

/// Without it a power cut may take the new name back.
Status ReplacingFileWriter::sync_folder() const {
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  const int descriptor =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return {};  // a folder may be written and not read: the file is there
  const int failure = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  // EINVAL: this file system has no such thing.
  return failure == 0 || failure == EINVAL ? Status() : Status(cannot_write(failure));
}

Status ReplacingFileWriter::finish() {
  BLUE_CHECK(descriptor_ >= 0, path_ + ": finished twice");
  if (::fsync(descriptor_) != 0) return cannot_write(errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) return cannot_write(errno);
  if (std::rename(partial_.c_str(), path_.c_str()) != 0) return cannot_write(errno);
  partial_.clear();
  return sync_folder();
}

}  // namespace blue::models
