#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "models/gguf/gguf_file.h"
#include "models/gguf/gguf_parser.h"

namespace blue::models {
namespace {

constexpr std::uint64_t kFirstStepBytes = std::uint64_t{256} << 10;
constexpr std::uint64_t kStepGrowth = 4;

class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

Error open_error(const std::string& path, const std::string& why) {
  return Error(ModelsError::cannot_open, path + ": " + why + "; name a readable .gguf file");
}

/// The size of the regular file that is open.
Result<std::uint64_t> regular_size(const OpenFile& file, const std::string& path) {
  if (file.descriptor() < 0) return open_error(path, std::strerror(errno));
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0) return open_error(path, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) return open_error(path, "a directory, not a model");
  if (!S_ISREG(status.st_mode)) return open_error(path, "not a regular file");
  return static_cast<std::uint64_t>(status.st_size);
}

/// Extends `bytes` to the first `size` bytes of the file.
Status read_up_to(const OpenFile& file, const std::string& path, std::uint64_t size,
                  std::vector<std::byte>& bytes) {
  std::uint64_t at = bytes.size();
  bytes.resize(size);
  while (at < size) {
    const ssize_t n =
        ::pread(file.descriptor(), bytes.data() + at, size - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return open_error(path, std::string("cannot be read: ") + std::strerror(errno));
    if (n == 0)
      return Error(ModelsError::truncated, path + ": the file shrank to " + std::to_string(at) +
                                               " bytes while it was read");
    at += static_cast<std::uint64_t>(n);
  }
  return {};
}

}  // namespace

Result<GgufFile> GgufFile::open_part(const std::string& path) {
  const OpenFile file(path);
  BLUE_TRY_ASSIGN(const std::uint64_t file_size, regular_size(file, path));
  std::vector<std::byte> header;
  for (std::uint64_t size = kFirstStepBytes;; size *= kStepGrowth) {
    BLUE_TRY(read_up_to(file, path, std::min({size, file_size, kMaxHeaderBytes}), header));
    GgufParser parser(header, file_size, path);
    Result<GgufFile> parsed = parser.parse();
    if (parsed || !parser.wants_more()) return parsed;
    if (header.size() >= kMaxHeaderBytes) {
      return Error(ModelsError::malformed, path + ": the header is longer than " +
                                               std::to_string(kMaxHeaderBytes) + " bytes");
    }
  }
}

}  // namespace blue::models
