// What is in the page cache is read from there, what is not past it; the bytes are the same.
#include "hal/reader_choice.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <cstddef>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

constexpr std::size_t kSize = (std::size_t{3} << 20) + 123;

struct ListingSink final : LogSink {
  void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

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

/// Pages of the file that the page cache holds.
std::size_t n_cached_pages(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(descriptor >= 0);
  void* const at = ::mmap(nullptr, kSize, PROT_READ, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  REQUIRE(at != MAP_FAILED);
  std::vector<unsigned char> pages((kSize + 4095) / 4096);
  REQUIRE(::mincore(at, kSize, pages.data()) == 0);
  ::munmap(at, kSize);
  return static_cast<std::size_t>(std::ranges::count_if(pages, [](auto p) { return p & 1; }));
}

TEST_CASE("a cold file that is read whole leaves nothing in the page cache") {
  const test::ScratchFolder folder;
  const std::string path = folder.write_bytes("file", kSize);
  forget_pages(path);
  NullLogSink log;
  const auto reader = open_file_reader(8, log);
  const auto file = (*reader)->open(path);
  REQUIRE(file.ok());
  // The kernel may keep some pages that it has just written.
  const std::size_t n_before = n_cached_pages(path);
  CAPTURE(n_before);
  if ((*reader)->alignment(*file).count == 1 || n_before > kSize / 4096 / 2)
    SKIP("this file system reads nothing directly, or keeps what it wrote");
  // Aligned as the file, and not: through the reader's own memory.
  for (const std::size_t shift : {std::size_t{0}, std::size_t{32}}) {
    std::vector<std::byte> into(kSize + 4096);
    REQUIRE(read_fully(**reader, *file, 0, ByteSpan(into).subspan(shift, kSize)).ok());
  }
  CHECK(n_cached_pages(path) <= n_before);
}

/// In a child process whose kernel refuses system call `number` with EPERM, as a container's filter
/// does: opens a reader and reads a file. Returns the reader's name, and what was logged.
std::pair<std::string, std::vector<std::string>> read_without(long number,
                                                              const std::string& path) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    std::array<sock_filter, 4> filter{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{filter.size(), filter.data()};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(2);
    ListingSink log;
    auto reader = open_file_reader(8, log);
    if (!reader) _exit(3);
    const auto file = (*reader)->open(path);
    std::vector<std::byte> into(kSize);
    if (!file || !read_fully(**reader, *file, 0, into)) _exit(4);
    std::string said((*reader)->name());
    for (const std::string& line : log.lines) said += '\n' + line;
    _exit(write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 5);
  }
  close(ends[1]);
  std::array<char, 4096> said{};
  const ssize_t n = read(ends[0], said.data(), said.size());
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  std::istringstream lines(std::string(said.data(), static_cast<std::size_t>(n)));
  std::string name;
  std::getline(lines, name);
  std::vector<std::string> logged;
  for (std::string line; std::getline(lines, line);) logged.push_back(line);
  return {name, logged};
}

TEST_CASE("io_uring refused at any of its calls leaves pread, and one note says why") {
  const test::ScratchFolder folder;
  const std::string path = folder.write_bytes("file", kSize);
  NullLogSink silence;
  const auto here = open_file_reader(8, silence);
  if ((*here)->name() != "io_uring") SKIP("no io_uring here to refuse");
  for (const auto& [number, call] :
       {std::pair(SYS_io_uring_setup, "io_uring_setup"), {SYS_io_uring_enter, "io_uring_enter"}}) {
    INFO(call);
    const auto [name, logged] = read_without(number, path);
    CHECK(name == "pread");
    REQUIRE(logged.size() == 1);
    CHECK(logged[0].find("pread") != std::string::npos);
    CHECK(logged[0].find(call) != std::string::npos);
  }
  // Registering is an extra: without it the ring still reads.
  CHECK(read_without(SYS_io_uring_register, path).first == "io_uring");
}

TEST_CASE("a queue of no reads is a bad argument to the choice too") {
  NullLogSink log;
  CHECK(open_file_reader(0, log).error().is(HalError::bad_argument));
}

}  // namespace
}  // namespace blue::hal
