// A file reader over bytes in memory, for tests: a bounded queue, completions in a shuffled order,
// reads that happen only when they are reaped, polls that bring nothing for a while, and reads that
// fail, stop half way or bring a wrong byte on demand.
// Depends on hal/file_reader.h. Threads: one.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "hal/file_reader.h"

namespace blue::memory::test {

enum class ReadFault : std::uint8_t { none, fail, shorten, flip };

class FakeReader final : public hal::FileReader {
 public:
  explicit FakeReader(std::size_t queue_depth) : queue_depth_(queue_depth) {}

  std::map<std::string, std::vector<std::byte>> content;  ///< by path; may be changed between reads
  std::uint64_t n_reads = 0;
  std::uint64_t failing_read = ~std::uint64_t{0};
  /// Asked for the fault of each read, by its number, when it is served.
  std::function<ReadFault(std::uint64_t)> fault;
  unsigned idle_polls_of_8 = 0;  ///< so many of eight polls bring nothing
  std::size_t most_in_flight = 0;

  std::string_view name() const override { return "fake"; }
  Result<hal::FileId> open(const std::string& path) override {
    if (!content.contains(path)) return Error(hal::HalError::bad_file, path + ": no such file");
    paths_.push_back(path);
    return hal::FileId{static_cast<std::uint32_t>(paths_.size() - 1)};
  }
  Result<Bytes> size(hal::FileId file) const override {
    return Bytes{content.at(paths_.at(file.value)).size()};
  }
  Bytes alignment(hal::FileId) const override { return 1_B; }
  Result<bool> submit(const hal::ReadRequest& request) override {
    if (queue_.size() == queue_depth_) return false;
    queue_.push_back(request);
    most_in_flight = std::max(most_in_flight, queue_.size());
    return true;
  }
  Result<std::size_t> reap(std::span<hal::ReadCompletion> out, Reap mode) override {
    // One at a time, in any order: what depends on order or on batches shows.
    if (queue_.empty() || out.empty()) return std::size_t{0};
    if (mode == Reap::poll && random_() % 8 < idle_polls_of_8) return std::size_t{0};
    std::swap(queue_.back(), queue_[random_() % queue_.size()]);
    const hal::ReadRequest request = queue_.back();
    queue_.pop_back();
    out[0] = hal::ReadCompletion{.tag = request.tag, .status = serve(request)};
    return std::size_t{1};
  }
  std::size_t n_in_flight() const override { return queue_.size(); }
  Status register_buffer(ByteSpan) override { return {}; }

 private:
  Status serve(const hal::ReadRequest& request) {
    ReadFault struck = fault ? fault(n_reads) : ReadFault::none;
    if (n_reads++ == failing_read) struck = ReadFault::fail;
    if (struck == ReadFault::fail) return Error(hal::HalError::io_failed, "fake: this read fails");
    const std::vector<std::byte>& bytes = content.at(paths_.at(request.file.value));
    if (request.offset + request.into.size() > bytes.size()) {
      return Error(hal::HalError::short_file, paths_.at(request.file.value) + " is too short");
    }
    std::size_t n = request.into.size();
    if (struck == ReadFault::shorten) n /= 2;
    std::memcpy(request.into.data(), bytes.data() + request.offset, n);
    if (struck == ReadFault::shorten)
      return Error(hal::HalError::short_file, "fake: this read ends half way");
    if (struck == ReadFault::flip) request.into[n / 2] ^= std::byte{0x10};
    return {};
  }

  const std::size_t queue_depth_;
  std::vector<std::string> paths_;
  std::vector<hal::ReadRequest> queue_;
  std::mt19937 random_{7};
};

}  // namespace blue::memory::test
