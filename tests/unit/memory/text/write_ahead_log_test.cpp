#include "memory/text/write_ahead_log.h"

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <filesystem>
#include <optional>

#include "tests/support/memory/folder.h"

using namespace blue;
using namespace blue::memory;

namespace {

/// A file in memory that fails its n-th call, having written a part of it, and knows what was
/// synced.
class FaultyFile final : public AppendFile {
 public:
  struct Disk {
    std::vector<std::byte> bytes;
    std::size_t n_synced = 0;
    int n_calls = 0;
    int failing_call = -1;
  };
  explicit FaultyFile(Disk& disk) : disk_(disk) {}

  Status append(ConstByteSpan bytes) override {
    const bool fails = disk_.n_calls++ == disk_.failing_call;
    const ConstByteSpan written = fails ? bytes.first(bytes.size() / 2) : bytes;
    disk_.bytes.insert(disk_.bytes.end(), written.begin(), written.end());
    return fails ? refusal() : Status();
  }
  Status sync() override {
    if (disk_.n_calls++ == disk_.failing_call) return refusal();
    disk_.n_synced = disk_.bytes.size();
    return {};
  }
  Status truncate(Bytes size) override {
    if (disk_.n_calls++ == disk_.failing_call) return refusal();
    disk_.bytes.resize(size.count);
    return {};
  }

 private:
  static Status refusal() { return Error(MemoryError::log_failed, "fault: this call fails"); }
  Disk& disk_;
};

const std::vector<std::string> kSlots = {"task", "reasoning", "code_draft", "final_code"};
std::string text_of(const std::string& slot) {
  return "text of " + slot + "\n\x01\x02\x03 and more";
}

/// A run as the cascade writes it; stops at the first refusal and returns how many slots were
/// acknowledged.
std::size_t write_run(WriteAheadLog& log) {
  std::size_t n_committed = 0;
  if (!log.append_text(LogRecordType::run_begin, "run 7")) return n_committed;
  for (const std::string& slot : kSlots) {
    if (!log.append_text(LogRecordType::stage_begin, slot)) return n_committed;
    if (!log.append(LogRecordType::slot_partial, encode_slot(slot, "te"))) return n_committed;
    if (!log.commit_slot(slot, text_of(slot))) return n_committed;
    n_committed += 1;
  }
  static_cast<void>(log.append_text(LogRecordType::run_end, ""));
  return n_committed;
}

std::vector<SlotRecord> committed(const LogContents& contents) {
  std::vector<SlotRecord> slots;
  for (const LogRecordView& record : contents.records) {
    if (record.type == LogRecordType::slot_commit)
      slots.push_back(decode_slot(record.payload).value());
  }
  return slots;
}

void check_prefix(const std::vector<SlotRecord>& slots) {
  REQUIRE(slots.size() <= kSlots.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    REQUIRE(slots[i].slot == kSlots[i]);
    REQUIRE(slots[i].text == text_of(kSlots[i]));
  }
}

std::vector<std::byte> whole_run() {
  FaultyFile::Disk disk;
  auto log = WriteAheadLog::start(std::make_unique<FaultyFile>(disk), "run");
  REQUIRE(log.ok());
  REQUIRE(write_run(*log) == kSlots.size());
  REQUIRE(disk.n_synced == disk.bytes.size());
  return disk.bytes;
}

}  // namespace

TEST_CASE("what was appended is read back in order", "[memory][log]") {
  const test::Folder folder;
  {
    auto log = WriteAheadLog::create(folder.file("run.wal"));
    REQUIRE(log.ok());
    CHECK(write_run(*log) == kSlots.size());
  }
  const auto reading = read_log(folder.file("run.wal"));
  REQUIRE(reading.ok());
  CHECK(reading->contents.records.size() == 2 + 3 * kSlots.size());
  CHECK(reading->contents.records.front().type == LogRecordType::run_begin);
  CHECK(reading->contents.records.back().type == LogRecordType::run_end);
  CHECK(reading->contents.torn_tail == 0_B);
  CHECK(committed(reading->contents).size() == kSlots.size());
  check_prefix(committed(reading->contents));
}

TEST_CASE("a log cut at any byte still has every slot committed before the cut",
          "[memory][log][property]") {
  const std::vector<std::byte> file = whole_run();
  // Where each commit's record ends.
  const auto whole = parse_log(file, "run");
  REQUIRE(whole.ok());
  std::vector<std::size_t> ends;
  for (const LogRecordView& record : whole->records) {
    if (record.type != LogRecordType::slot_commit) continue;
    ends.push_back(
        static_cast<std::size_t>(record.payload.data() + record.payload.size() - file.data()));
  }
  for (std::size_t cut = 0; cut <= file.size(); ++cut) {
    const auto contents = parse_log(ConstByteSpan(file).first(cut), "run");
    REQUIRE(contents.ok());
    const auto slots = committed(*contents);
    std::size_t n_before = 0;
    while (n_before < ends.size() && ends[n_before] <= cut) ++n_before;
    REQUIRE(slots.size() == n_before);
    check_prefix(slots);
    REQUIRE(contents->valid.count + contents->torn_tail.count == cut);
  }
}

TEST_CASE("a log cut at any byte is reopened, cleaned and continued", "[memory][log][property]") {
  const std::vector<std::byte> file = whole_run();
  const test::Folder folder;
  const std::string path = folder.file("run.wal");
  for (std::size_t cut = 0; cut <= file.size(); cut += 7) {
    test::write_file(path, ConstByteSpan(file).first(cut));
    std::size_t n_before = 0;
    {
      auto reopened = WriteAheadLog::reopen(path);
      REQUIRE(reopened.ok());
      n_before = reopened->before.contents.records.size();
      REQUIRE(reopened->log.commit_slot("review", "again").ok());
    }
    const auto reading = read_log(path);
    REQUIRE(reading.ok());
    REQUIRE(reading->contents.torn_tail == 0_B);
    REQUIRE(reading->contents.records.size() == n_before + 1);
  }
}

TEST_CASE("a byte changed before the last record is corruption, in it a torn tail",
          "[memory][log][property]") {
  const std::vector<std::byte> file = whole_run();
  const auto whole = parse_log(file, "run");
  const std::size_t last_begin =
      file.size() - kLogRecordHeaderBytes - whole->records.back().payload.size();
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const std::byte flip : {std::byte{0x01}, std::byte{0x80}}) {
      std::vector<std::byte> damaged = file;
      damaged[at] ^= flip;
      const auto contents = parse_log(damaged, "run");
      if (at < last_begin) {
        REQUIRE_FALSE(contents.ok());
        REQUIRE(contents.error().is(MemoryError::log_corrupt));
      } else {
        REQUIRE(contents.ok());
        REQUIRE(contents->valid.count == last_begin);
        REQUIRE(contents->torn_tail.count == file.size() - last_begin);
      }
    }
  }
}

TEST_CASE("a tail of zeros, as a file system leaves after a power cut, is torn", "[memory][log]") {
  std::vector<std::byte> file = whole_run();
  const std::size_t size = file.size();
  file.resize(size + 5000);
  const auto contents = parse_log(file, "run");
  REQUIRE(contents.ok());
  CHECK(contents->valid.count == size);
  CHECK(contents->torn_tail == 5000_B);
}

TEST_CASE("whichever call fails, no acknowledged slot is lost and the log stays shut",
          "[memory][log][property]") {
  int n_failures = 0;
  for (int n = 0;; ++n) {
    FaultyFile::Disk disk;
    disk.failing_call = n;
    auto log = WriteAheadLog::start(std::make_unique<FaultyFile>(disk), "run");
    if (!log) {
      CHECK(log.error().is(MemoryError::log_failed));
      n_failures += 1;
      continue;
    }
    const std::size_t n_acknowledged = write_run(*log);
    const bool has_failed = disk.n_calls > disk.failing_call;
    if (has_failed) {
      n_failures += 1;
      CHECK_FALSE(log->append_text(LogRecordType::stage_begin, "more").ok());
      CHECK_FALSE(log->commit_slot("more", "text").ok());
    }
    // What the drive holds for certain, and what it may hold: both give every acknowledged slot.
    for (const std::size_t size : {std::min(disk.n_synced, disk.bytes.size()), disk.bytes.size()}) {
      const auto contents = parse_log(ConstByteSpan(disk.bytes).first(size), "run");
      REQUIRE(contents.ok());
      const auto slots = committed(*contents);
      REQUIRE(slots.size() >= n_acknowledged);
      check_prefix(slots);
    }
    if (!has_failed) break;
  }
  CHECK(n_failures > 15);
}

TEST_CASE("one log has one writer", "[memory][log]") {
  const test::Folder folder;
  const std::string path = folder.file("run.wal");
  std::optional<WriteAheadLog> first = WriteAheadLog::create(path).value();
  const auto created_again = WriteAheadLog::create(path);
  REQUIRE_FALSE(created_again.ok());
  CHECK(created_again.error().is(MemoryError::log_failed));
  const auto second = WriteAheadLog::reopen(path);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().is(MemoryError::log_failed));
  CHECK(second.error().message().find("another process") != std::string::npos);
  CHECK(read_log(path).ok());  // reading needs no lock
  first.reset();
  CHECK(WriteAheadLog::reopen(path).ok());
}

TEST_CASE("what is no log is refused and left as it is", "[memory][log]") {
  const test::Folder folder;
  const std::string path = folder.file("x");
  const std::string text = "a text of somebody else's, long enough";
  test::write_file(path, std::as_bytes(std::span(text)));
  const auto reopened = WriteAheadLog::reopen(path);
  REQUIRE_FALSE(reopened.ok());
  CHECK(reopened.error().is(MemoryError::log_corrupt));
  CHECK(std::filesystem::file_size(path) == text.size());
  CHECK(read_log(folder.file("absent")).error().is(MemoryError::log_failed));
  CHECK(read_log(folder.file("")).error().is(MemoryError::log_failed));
}

TEST_CASE("lengths that lie allocate nothing and end in an error or a tail", "[memory][log]") {
  for (const std::uint32_t length : {0xffffffffU, 0x7fffffffU, kLogPayloadLimit, 10000U}) {
    std::vector<std::byte> file = encode_log_header();
    auto record = encode_log_record(LogRecordType::slot_commit, encode_slot("a", "b"));
    std::memcpy(record.data(), &length, sizeof(length));
    file.insert(file.end(), record.begin(), record.end());
    const auto contents = parse_log(file, "run");
    REQUIRE(contents.ok());
    CHECK(contents->records.empty());
  }
  const std::uint32_t too_long = 100;
  CHECK_FALSE(decode_slot(std::as_bytes(std::span(&too_long, 1))).ok());
  CHECK_FALSE(decode_slot({}).ok());
}
