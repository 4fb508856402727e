// What is in the page cache is read from there, what is not past it; the bytes are the same.
#include "hal/reader_choice.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

constexpr std::size_t kSize = (std::size_t{3} << 20) + 123;

/// Takes the file out of the page cache, as far as the kernel follows.
void forget_pages(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(descriptor >= 0);
  CHECK(::fsync(descriptor) == 0);
  CHECK(::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0);
  ::close(descriptor);
}

std::uint64_t alignment_of(const std::string& path, FileAccess access) {
  const auto file = OpenFile::open(path, access);
  REQUIRE(file.ok());
  return file->alignment().count;
}

TEST_CASE("a file in the page cache is read through it, another one past it") {
  const test::ScratchFolder folder;
  const std::string path = folder.write_bytes("file", kSize);
  const std::string bytes = folder.read("file");
  REQUIRE(bytes.size() == kSize);
  CHECK(alignment_of(path, FileAccess::direct_unless_cached) == 1);

  forget_pages(path);
  const std::uint64_t direct = alignment_of(path, FileAccess::direct_if_possible);
  if (direct == 1) WARN("skipped: this file system reads nothing directly");
  CHECK(alignment_of(path, FileAccess::direct_unless_cached) == direct);
}

TEST_CASE("the chosen reader brings the bytes of warm and cold files") {
  const test::ScratchFolder folder;
  const std::string path = folder.write_bytes("file", kSize);
  const std::string bytes = folder.read("file");
  for (const bool is_cold : {false, true}) {
    if (is_cold) forget_pages(path);
    NullLogSink log;
    const auto reader = open_file_reader(8, log);
    REQUIRE(reader.ok());
    const auto file = (*reader)->open(path);
    REQUIRE(file.ok());
    std::vector<std::byte> into(kSize - 7);
    CHECK(read_fully(**reader, *file, 7, into).ok());
    CHECK(std::ranges::equal(into, std::as_bytes(std::span(bytes)).subspan(7)));
  }
}

TEST_CASE("a queue of no reads is a bad argument to the choice too") {
  NullLogSink log;
  CHECK(open_file_reader(0, log).error().is(HalError::bad_argument));
}

}  // namespace
}  // namespace blue::hal
