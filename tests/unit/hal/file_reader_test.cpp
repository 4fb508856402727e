// Both file readers against the file itself and against each other.
#include "hal/file_reader.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cerrno>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "hal/host_memory.h"
#include "hal/open_file.h"
#include "hal/reader_choice.h"
#include "tests/support/hal/fake_reader.h"
#include "tests/support/scratch_folder.h"

namespace blue::hal {
namespace {

using test::FakeReader;
using test::ReaderFault;
using test::ScratchFolder;

constexpr unsigned kDepth = 8;

/// Null, with a word to the log, where the kernel has or allows no io_uring.
std::unique_ptr<FileReader> open_uring() {
  auto reader = open_uring_reader(kDepth);
  if (reader) return std::move(reader).value();
  WARN("skipped: " << reader.error().message());
  return nullptr;
}

std::unique_ptr<FileReader> open_named(const std::string& name) {
  if (name == "io_uring") return open_uring();
  auto reader = open_pread_reader();
  REQUIRE(reader.ok());
  return std::move(reader).value();
}

ConstByteSpan bytes_of_text(const std::string& text) { return std::as_bytes(std::span(text)); }

/// Memory that starts at a multiple of 4096 plus `shift`.
class ShiftedBuffer {
 public:
  ShiftedBuffer(std::size_t size, std::size_t shift)
      : storage_(size + shift + 4096), shift_(shift), size_(size) {}
  ByteSpan span() {
    const auto address = reinterpret_cast<std::uintptr_t>(storage_.data());
    return {storage_.data() + (round_up(address, 4096) - address) + shift_, size_};
  }

 private:
  std::vector<std::byte> storage_;
  std::size_t shift_;
  std::size_t size_;
};

}  // namespace

TEST_CASE("both readers bring the bytes of any range to any address") {
  const ScratchFolder folder;
  const std::size_t file_size =
      GENERATE(std::size_t{1}, std::size_t{511}, std::size_t{4096}, std::size_t{1'000'003});
  const std::string path = folder.write_bytes("data", file_size, file_size);
  const std::string content = folder.read("data");
  REQUIRE(content.size() == file_size);
  const auto pread = open_named("pread");
  const auto uring = open_uring();
  std::mt19937_64 random(file_size);
  for (const auto& reader : {pread.get(), uring.get()}) {
    if (reader == nullptr) continue;
    const auto file = reader->open(path);
    REQUIRE(file.ok());
    for (int round = 0; round < 300; ++round) {
      // Half of the ranges sit on block edges: where head, middle and tail change places.
      std::size_t offset = random() % (file_size + 1);
      std::size_t shift = random() % 4096;
      if (round % 2 == 0) offset = offset / 512 * 512;
      if (round % 3 == 0) shift = offset % 4096;
      if (round % 5 == 0) shift = 0;
      std::size_t size = random() % (file_size - offset + 1);
      if (round % 7 == 0) size = std::min<std::size_t>(size, random() % 5000);
      ShiftedBuffer buffer(size, shift);
      const Status status = read_fully(*reader, *file, offset, buffer.span());
      INFO(reader->name() << " offset " << offset << " size " << size << " shift " << shift);
      REQUIRE(status.ok());
      REQUIRE(std::ranges::equal(buffer.span(), bytes_of_text(content).subspan(offset, size)));
    }
  }
}

TEST_CASE("many reads under way complete once each with their own tag and bytes") {
  const std::string name = GENERATE("pread", "io_uring");
  const auto reader = open_named(name);
  if (reader == nullptr) return;
  const ScratchFolder folder;
  const std::string path = folder.write_bytes("data", 3'000'001);
  const std::string content = folder.read("data");
  const auto file = reader->open(path);
  REQUIRE(file.ok());
  constexpr std::size_t kReads = 200;
  std::mt19937_64 random(7);
  std::vector<std::vector<std::byte>> buffers(kReads);
  std::vector<std::uint64_t> offsets(kReads);
  std::vector<int> n_completions(kReads, 0);
  std::size_t next = 0;
  std::size_t n_done = 0;
  while (n_done < kReads) {
    while (next < kReads) {
      buffers[next].resize(random() % 50'000);
      offsets[next] = random() % (content.size() - buffers[next].size());
      const auto has_room = reader->submit({*file, offsets[next], buffers[next], next});
      REQUIRE(has_room.ok());
      if (!*has_room) break;
      ++next;
    }
    std::array<ReadCompletion, 3> done;
    const auto n_reaped = reader->reap(done, FileReader::Reap::wait);
    REQUIRE(n_reaped.ok());
    REQUIRE(*n_reaped >= 1);
    for (std::size_t i = 0; i < *n_reaped; ++i) {
      REQUIRE(done[i].status.ok());
      ++n_completions[done[i].tag];
    }
    n_done += *n_reaped;
  }
  CHECK(reader->n_in_flight() == 0);
  for (std::size_t i = 0; i < kReads; ++i) {
    REQUIRE(n_completions[i] == 1);
    REQUIRE(std::ranges::equal(buffers[i],
                               bytes_of_text(content).subspan(offsets[i], buffers[i].size())));
  }
}

TEST_CASE("a full queue says so and takes more after a reap") {
  const std::string name = GENERATE("pread", "io_uring");
  const auto reader = open_named(name);
  if (reader == nullptr) return;
  const ScratchFolder folder;
  const auto file = reader->open(folder.write_bytes("data", 100));
  REQUIRE(file.ok());
  std::array<std::byte, 100> into{};
  std::size_t n_taken = 0;
  while (true) {
    const auto has_room = reader->submit({*file, 0, into, n_taken});
    REQUIRE(has_room.ok());
    if (!*has_room) break;
    ++n_taken;
    REQUIRE(n_taken <= 10'000);
  }
  CHECK(reader->n_in_flight() == n_taken);
  std::array<ReadCompletion, 1> done;
  REQUIRE(*reader->reap(done, FileReader::Reap::wait) == 1);
  CHECK(*reader->submit({*file, 0, into, n_taken}));
  for (std::size_t left = n_taken; left > 0; --left)
    REQUIRE(*reader->reap(done, FileReader::Reap::wait) == 1);
  CHECK(*reader->reap(done, FileReader::Reap::wait) == 0);
}

TEST_CASE("reading past the end is a short file in both readers, naming the path") {
  const std::string name = GENERATE("pread", "io_uring");
  const auto reader = open_named(name);
  if (reader == nullptr) return;
  const ScratchFolder folder;
  const std::string path = folder.write_bytes("data", 10'000);
  const auto file = reader->open(path);
  REQUIRE(file.ok());
  struct Range {
    std::uint64_t offset;
    std::size_t size;
  };
  const Range range = GENERATE(Range{0, 12'288}, Range{0, 10'001}, Range{9'999, 2},
                               Range{10'000, 1}, Range{8'192, 4'096}, Range{1 << 30, 4'096},
                               Range{(1ULL << 63) - 1, 8}, Range{~0ULL - 4'095, 4'096});
  ShiftedBuffer buffer(range.size, 0);
  const Status status = read_fully(*reader, *file, range.offset, buffer.span());
  INFO("offset " << range.offset << " size " << range.size);
  REQUIRE(!status.ok());
  CHECK(status.error().is(HalError::short_file));
  CHECK(status.error().message().find(path) != std::string::npos);
}

TEST_CASE("reading no bytes succeeds anywhere") {
  const std::string name = GENERATE("pread", "io_uring");
  const auto reader = open_named(name);
  if (reader == nullptr) return;
  const ScratchFolder folder;
  const auto file = reader->open(folder.write("empty", ""));
  REQUIRE(file.ok());
  CHECK(reader->size(*file)->count == 0);
  CHECK(read_fully(*reader, *file, 0, {}).ok());
  CHECK(read_fully(*reader, *file, 123'456, {}).ok());
}

TEST_CASE("a directory, a missing file and a pipe are bad files, naming the path") {
  const std::string name = GENERATE("pread", "io_uring");
  const auto reader = open_named(name);
  if (reader == nullptr) return;
  const ScratchFolder folder;
  const std::string pipe = folder.path("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string& path : {folder.path(), folder.path("absent"), pipe}) {
    const auto file = reader->open(path);
    REQUIRE(!file.ok());
    CHECK(file.error().is(HalError::bad_file));
    CHECK(file.error().kind() == ErrorKind::bad_input);
    CHECK(file.error().message().find(path) != std::string::npos);
  }
}

TEST_CASE("a file that shrinks after it was opened is a short file") {
  const std::string name = GENERATE("pread", "io_uring");
  const auto reader = open_named(name);
  if (reader == nullptr) return;
  const ScratchFolder folder;
  const std::string path = folder.write_bytes("data", 20'000);
  const auto file = reader->open(path);
  REQUIRE(file.ok());
  REQUIRE(::truncate(path.c_str(), 5'000) == 0);
  CHECK(reader->size(*file)->count == 5'000);
  std::vector<std::byte> into(20'000);
  CHECK(read_fully(*reader, *file, 0, into).error().is(HalError::short_file));
}

TEST_CASE("registered memory receives the same bytes") {
  const auto reader = open_uring();
  if (reader == nullptr) return;
  const ScratchFolder folder;
  const auto file = reader->open(folder.write_bytes("data", 500'000));
  const std::string content = folder.read("data");
  MemoryBudget budget("test", 4_MiB);
  NullLogSink log;
  const auto memory = HostBuffer::allocate({.size = 1_MiB, .purpose = "test"}, budget, log);
  REQUIRE(memory.ok());
  const auto later = HostBuffer::allocate({.size = 64_KiB, .purpose = "test"}, budget, log);
  REQUIRE(later.ok());
  for (const HostBuffer* buffer : {&*memory, &*later}) {
    const Status registered = reader->register_buffer(buffer->span());
    if (!registered) {
      WARN("skipped: " << registered.error().message());
      return;
    }
    const std::size_t size = std::min<std::size_t>(buffer->span().size(), 500'000);
    REQUIRE(read_fully(*reader, *file, 0, buffer->span().first(size)).ok());
    CHECK(std::ranges::equal(buffer->span().first(size), bytes_of_text(content).first(size)));
  }
  // Across the end of a registered range the read still arrives, if without the registration.
  std::vector<std::byte> elsewhere(70'000);
  REQUIRE(read_fully(*reader, *file, 4'096, elsewhere).ok());
  CHECK(std::ranges::equal(elsewhere, bytes_of_text(content).subspan(4'096, elsewhere.size())));
}

TEST_CASE("a reader that dies with reads under way writes nowhere afterwards") {
  const ScratchFolder folder;
  const std::string path = folder.write_bytes("data", 8 << 20);
  for (int round = 0; round < 20; ++round) {
    auto reader = open_uring();
    if (reader == nullptr) return;
    const auto file = reader->open(path);
    REQUIRE(file.ok());
    std::vector<std::vector<std::byte>> buffers(kDepth, std::vector<std::byte>(1 << 20));
    for (std::size_t i = 0; i < kDepth; ++i)
      REQUIRE(*reader->submit({*file, i << 20, buffers[i], i}));
    reader.reset();
    for (auto& buffer : buffers) std::ranges::fill(buffer, std::byte{0x5a});
    for (const auto& buffer : buffers)
      REQUIRE(std::ranges::all_of(buffer, [](std::byte byte) { return byte == std::byte{0x5a}; }));
  }
}

TEST_CASE("direct reading is probed: the alignment is a power of two that the file then reads at") {
  const auto reader = open_uring();
  if (reader == nullptr) return;
  const ScratchFolder folder;
  const std::string path = folder.write_bytes("data", 1 << 20);
  const auto file = reader->open(path);
  REQUIRE(file.ok());
  const std::uint64_t unit = reader->alignment(*file).count;
  CHECK(std::has_single_bit(unit));
  ShiftedBuffer buffer(unit, unit % 4096);
  CHECK(read_fully(*reader, *file, unit, buffer.span()).ok());
  const auto plain = open_named("pread");
  CHECK(plain->alignment(*plain->open(path)).count == 1);
}

TEST_CASE("a queue of no reads, or of too many, is a bad argument") {
  CHECK(open_uring_reader(0).error().is(HalError::bad_argument));
  CHECK(open_uring_reader(1u << 20).error().is(HalError::bad_argument));
}

namespace {

struct CountingSink final : LogSink {
  int n_lines = 0;
  void write(LogLevel, std::string_view) override { ++n_lines; }
};

/// Makes a system call fail with `failure` on the calling thread, for the rest of its life.
bool forbid(unsigned number, unsigned failure) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | failure),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

TEST_CASE("a kernel that refuses io_uring is denied, one that lacks it is absent") {
  struct Case {
    unsigned failure;
    HalError expected;
  };
  const Case refusal = GENERATE(Case{EPERM, HalError::denied}, Case{ENOSYS, HalError::absent});
  bool is_set = false;
  bool is_expected = false;
  std::string message;
  CountingSink log;
  std::string_view chosen;
  std::thread([&] {
    is_set = forbid(__NR_io_uring_setup, refusal.failure);
    const auto reader = open_uring_reader(kDepth);
    if (reader) return;
    for (int i = 0; i < 2; ++i) chosen = open_file_reader(kDepth, log).value()->name();
    is_expected = reader.error().is(refusal.expected);
    message = reader.error().message();
  }).join();
  if (!is_set) {
    WARN("skipped: this system allows no seccomp filter");
    return;
  }
  CHECK(is_expected);
  CHECK(message.find("io_uring") != std::string::npos);
  CHECK(chosen == "pread");
  CHECK(log.n_lines == 1);
}

TEST_CASE("a ring that the kernel refuses while reads are under way ends them with pread") {
  const ScratchFolder folder;
  const std::string path = folder.write_bytes("data", 3 << 20);
  const std::string content = folder.read("data");
  const auto reader = open_uring();
  if (reader == nullptr) return;
  const auto file = reader->open(path);
  REQUIRE(file.ok());
  std::vector<std::vector<std::byte>> buffers(kDepth, std::vector<std::byte>(300'001));
  bool is_set = false;
  std::vector<std::uint64_t> ended;
  std::thread([&] {
    const auto submit = [&](std::size_t i) {
      return reader->submit({*file, 1000 * i, buffers[i], i}).value();
    };
    // Half of the reads are the kernel's when it begins to refuse.
    for (std::size_t i = 0; i < kDepth / 2; ++i)
      if (!submit(i)) return;
    is_set = forbid(__NR_io_uring_enter, EPERM);
    for (std::size_t i = kDepth / 2; i < kDepth; ++i)
      if (!submit(i)) return;
    std::array<ReadCompletion, 3> done;
    while (reader->n_in_flight() > 0) {
      const auto n_done = reader->reap(done, FileReader::Reap::wait);
      if (!n_done) return;
      for (std::size_t i = 0; i < *n_done; ++i)
        if (done[i].status) ended.push_back(done[i].tag);
    }
  }).join();
  if (!is_set) {
    WARN("skipped: this system allows no seccomp filter");
    return;
  }
  CHECK(ended.size() == kDepth);
  CHECK(reader->refusal().find("io_uring_enter") != std::string::npos);
  for (std::size_t i = 0; i < kDepth; ++i)
    CHECK(std::ranges::equal(buffers[i], bytes_of_text(content).subspan(1000 * i, 300'001)));
}

TEST_CASE("the fake reader fails exactly the call it was told to") {
  const auto inner = open_named("pread");
  FakeReader reader(*inner);
  const ScratchFolder folder;
  const std::string path = folder.write("data", "abcdef");
  reader.strike(ReaderFault::fail_open, 2, HalError::bad_file);
  const auto file = reader.open(path);
  REQUIRE(file.ok());
  CHECK(reader.open(path).error().is(HalError::bad_file));
  CHECK(reader.open(path).ok());

  std::array<std::byte, 6> into{};
  reader.strike(ReaderFault::fail_submit, 2);
  reader.strike(ReaderFault::fail_read, 2, HalError::io_failed);
  reader.strike(ReaderFault::flip_byte, 3);
  reader.strike(ReaderFault::claim_full_queue, 5);
  CHECK(read_fully(reader, *file, 0, into).ok());
  CHECK(reader.submit({*file, 0, into, 0}).error().is(HalError::io_failed));
  CHECK(read_fully(reader, *file, 0, into).error().is(HalError::io_failed));
  CHECK(read_fully(reader, *file, 0, into).ok());
  CHECK(into[0] == ~std::byte{'a'});
  CHECK(into[1] == std::byte{'b'});
  CHECK_FALSE(*reader.submit({*file, 0, into, 0}));
  CHECK(read_fully(reader, *file, 0, into).ok());
  CHECK(into[0] == std::byte{'a'});
  CHECK(reader.n_submits() == 6);
}

}  // namespace blue::hal
