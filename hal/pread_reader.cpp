// The plain file reader: pread through the page cache, one read at a time, finished when submit
// returns. It runs everywhere, and it is what the io_uring reader is tested against.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "hal/file_reader.h"
#include "hal/open_file.h"

namespace blue::hal {
namespace {

constexpr std::size_t kQueueDepth = 64;
/// Linux reads at most 0x7ffff000 bytes at once; smaller pieces also let a signal through.
constexpr std::size_t kLargestRead = std::size_t{1} << 30;

class PreadReader final : public FileReader {
 public:
  PreadReader() { finished_.reserve(kQueueDepth); }

  [[nodiscard]] std::string_view name() const override { return "pread"; }

  [[nodiscard]] Result<FileId> open(const std::string& path) override {
    BLUE_TRY_ASSIGN(auto file, OpenFile::open(path, FileAccess::buffered));
    files_.push_back(std::move(file));
    return FileId{static_cast<FileId::Value>(files_.size() - 1)};
  }

  [[nodiscard]] Result<Bytes> size(FileId file) const override { return file_of(file).size(); }
  [[nodiscard]] Bytes alignment(FileId file) const override { return file_of(file).alignment(); }
  [[nodiscard]] std::size_t n_in_flight() const override { return finished_.size(); }
  [[nodiscard]] Status register_buffer(ByteSpan) override { return {}; }

  [[nodiscard]] Result<bool> submit(const ReadRequest& request) override {
    if (finished_.size() == kQueueDepth) return false;
    finished_.push_back({request.tag, read(file_of(request.file), request.offset, request.into)});
    return true;
  }

  [[nodiscard]] Result<std::size_t> reap(std::span<ReadCompletion> out, Reap) override {
    const std::size_t n_done = std::min(out.size(), finished_.size());
    std::move(finished_.begin(), finished_.begin() + static_cast<std::ptrdiff_t>(n_done),
              out.begin());
    finished_.erase(finished_.begin(), finished_.begin() + static_cast<std::ptrdiff_t>(n_done));
    return n_done;
  }

 private:
  [[nodiscard]] const OpenFile& file_of(FileId file) const {
    BLUE_CHECK(file.value < files_.size(), "a file that this reader did not open");
    return files_[file.value];
  }

  static Status read(const OpenFile& file, std::uint64_t offset, ByteSpan into) {
    if (!is_addressable(offset, into.size())) return file.short_file(offset, into.size(), 0);
    for (std::size_t done = 0; done < into.size();) {
      const std::size_t want = std::min(into.size() - done, kLargestRead);
      const ssize_t got =
          ::pread(file.descriptor(), into.data() + done, want, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return file.io_failed(offset + done, want, errno);
      if (got == 0) return file.short_file(offset, into.size(), done);
      done += static_cast<std::size_t>(got);
    }
    return {};
  }

  std::vector<OpenFile> files_;
  std::vector<ReadCompletion> finished_;
};

}  // namespace

Result<std::unique_ptr<FileReader>> open_pread_reader() {
  return std::unique_ptr<FileReader>(new PreadReader());
}

}  // namespace blue::hal
