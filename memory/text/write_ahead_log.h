// WriteAheadLog: the record of one run that survives a crash. When a commit-like append returns,
// its record is on the drive. A log that failed once writes no more: after a failed write or
// sync the content of the file is unknown.
// Depends on memory/durable_file and memory/text/log_format. Threads: its owner's alone (the
// cascade actor).
// Lifetime: holds the file's lock, so that two resumes cannot write the same run.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "memory/durable_file.h"
#include "memory/text/log_format.h"

namespace blue::memory {

/// A log read back: its bytes and the records in them. Move-only, since the records borrow the
/// bytes.
struct LogReading {
  LogReading() = default;
  LogReading(LogReading&&) = default;
  LogReading& operator=(LogReading&&) = default;
  LogReading(const LogReading&) = delete;
  LogReading& operator=(const LogReading&) = delete;

  std::vector<std::byte> bytes;
  LogContents contents;
};

/// Reads a run's log without touching it. Errors: log_failed (unreadable), log_corrupt.
[[nodiscard]] Result<LogReading> read_log(const std::string& path);

class WriteAheadLog {
 public:
  /// A new log; header and name are on the drive when it returns. Errors: log_failed (also when the
  /// file exists).
  [[nodiscard]] static Result<WriteAheadLog> create(const std::string& path);

  struct Reopened;
  /// Locks a log, reads it, cuts off a torn tail, and continues behind it.
  /// Errors: log_failed (absent, or another process writes it), log_corrupt.
  [[nodiscard]] static Result<Reopened> reopen(const std::string& path);

  /// A log on an empty file of the caller's own: what the fault tests use. Writes the header.
  [[nodiscard]] static Result<WriteAheadLog> start(std::unique_ptr<AppendFile> file,
                                                   std::string name);

  /// Appends a record. run_begin, slot_commit, stage_preempted and run_end are synced before it
  /// returns; the others reach the drive with the next that is. Errors: log_failed, also for
  /// every later append.
  [[nodiscard]] Status append(LogRecordType type, ConstByteSpan payload);

  [[nodiscard]] Status append_text(LogRecordType type, std::string_view payload);
  [[nodiscard]] Status commit_slot(std::string_view slot, std::string_view text);

 private:
  WriteAheadLog(std::unique_ptr<AppendFile> file, std::string name, Bytes size)
      : file_(std::move(file)), name_(std::move(name)), size_(size) {}
  Status write(ConstByteSpan bytes);
  Status sync();

  std::unique_ptr<AppendFile> file_;
  std::string name_;
  Bytes size_;  ///< up to the last whole record
  bool has_failed_ = false;
};

struct WriteAheadLog::Reopened {
  WriteAheadLog log;
  LogReading before;  ///< torn_tail is how much was cut off
};

}  // namespace blue::memory
