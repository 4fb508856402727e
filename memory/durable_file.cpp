#include "memory/durable_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace blue::memory {
namespace {

Error os_error(const std::string& what, const std::string& path, int cause) {
  return Error(MemoryError::log_failed, what + " " + path + ": " + std::strerror(cause));
}

/// An open descriptor, closed at the end of its life.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

Status write_all(int fd, const std::string& path, ConstByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return os_error("cannot write", path, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

class OsAppendFile final : public AppendFile {
 public:
  OsAppendFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Status append(ConstByteSpan bytes) override { return write_all(descriptor_.get(), path_, bytes); }
  Status sync() override {
    if (::fsync(descriptor_.get()) != 0) return os_error("cannot sync", path_, errno);
    return {};
  }
  Status truncate(Bytes size) override {
    if (::ftruncate(descriptor_.get(), static_cast<off_t>(size.count)) != 0) {
      return os_error("cannot truncate", path_, errno);
    }
    return {};
  }

 private:
  Descriptor descriptor_;
  std::string path_;
};

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::unique_ptr<AppendFile>> open_append_file(const std::string& path, OpenMode mode) {
  const int flags =
      O_WRONLY | O_APPEND | O_CLOEXEC | (mode == OpenMode::create_new ? O_CREAT | O_EXCL : 0);
  Descriptor file(::open(path.c_str(), flags, 0644));
  if (!file.is_open())
    return os_error(mode == OpenMode::create_new ? "cannot create" : "cannot open", path, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return Error(MemoryError::log_failed,
                   path + " is being written by another process: wait for it, or end it");
    }
    return os_error("cannot lock", path, errno);
  }
  return std::unique_ptr<AppendFile>(std::make_unique<OsAppendFile>(std::move(file), path));
}

Result<std::vector<std::byte>> read_whole_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return os_error("cannot open", path, errno);
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return os_error("cannot read", path, errno);
  if (!S_ISREG(facts.st_mode)) return Error(MemoryError::log_failed, path + " is not a file");
  std::vector<std::byte> bytes(static_cast<std::size_t>(facts.st_size));
  std::size_t n_read = 0;
  while (n_read < bytes.size()) {
    const ssize_t n = ::read(file.get(), bytes.data() + n_read, bytes.size() - n_read);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_error("cannot read", path, errno);
    if (n == 0) break;  // cut meanwhile
    n_read += static_cast<std::size_t>(n);
  }
  bytes.resize(n_read);
  return bytes;
}

Status sync_directory_of(const std::string& path) {
  const std::string directory = directory_of(path);
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open()) return os_error("cannot open directory", directory, errno);
  if (::fsync(opened.get()) != 0) return os_error("cannot sync directory", directory, errno);
  return {};
}

}  // namespace blue::memory
