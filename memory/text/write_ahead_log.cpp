#include "memory/text/write_ahead_log.h"

#include <utility>

namespace blue::memory {
namespace {

/// Records that callers rely on once append has returned.
bool is_synced(LogRecordType type) {
  switch (type) {
    case LogRecordType::run_begin:
    case LogRecordType::slot_commit:
    case LogRecordType::stage_preempted:
    case LogRecordType::run_end: return true;
    case LogRecordType::stage_begin:
    case LogRecordType::slot_partial: return false;
  }
  return true;
}

}  // namespace

Result<LogReading> read_log(const std::string& path) {
  LogReading reading;
  BLUE_TRY_ASSIGN(reading.bytes, read_whole_file(path));
  BLUE_TRY_ASSIGN(reading.contents, parse_log(reading.bytes, path));
  return reading;
}

Result<WriteAheadLog> WriteAheadLog::create(const std::string& path) {
  BLUE_TRY_ASSIGN(std::unique_ptr<AppendFile> file, open_append_file(path, OpenMode::create_new));
  BLUE_TRY_ASSIGN(WriteAheadLog log, start(std::move(file), path));
  BLUE_TRY(sync_directory_of(path));
  return log;
}

Result<WriteAheadLog> WriteAheadLog::start(std::unique_ptr<AppendFile> file, std::string name) {
  WriteAheadLog log(std::move(file), std::move(name), Bytes{});
  BLUE_TRY(log.write(encode_log_header()));
  BLUE_TRY(log.sync());
  return log;
}

Result<WriteAheadLog::Reopened> WriteAheadLog::reopen(const std::string& path) {
  // The lock first: what is read under it stays as it was read.
  BLUE_TRY_ASSIGN(std::unique_ptr<AppendFile> file,
                  open_append_file(path, OpenMode::open_existing));
  BLUE_TRY_ASSIGN(LogReading before, read_log(path));
  WriteAheadLog log(std::move(file), path, before.contents.valid);
  if (before.contents.torn_tail.count > 0) BLUE_TRY(log.file_->truncate(before.contents.valid));
  if (before.contents.valid.count == 0) BLUE_TRY(log.write(encode_log_header()));
  BLUE_TRY(log.sync());
  BLUE_TRY(sync_directory_of(path));  // the crash may have preceded the creation's own
  return Reopened{.log = std::move(log), .before = std::move(before)};
}

Status WriteAheadLog::append(LogRecordType type, ConstByteSpan payload) {
  BLUE_TRY(write(encode_log_record(type, payload)));
  return is_synced(type) ? sync() : Status();
}

Status WriteAheadLog::append_text(LogRecordType type, std::string_view payload) {
  return append(type, std::as_bytes(std::span(payload.data(), payload.size())));
}

Status WriteAheadLog::commit_slot(std::string_view slot, std::string_view text) {
  return append(LogRecordType::slot_commit, encode_slot(slot, text));
}

Status WriteAheadLog::write(ConstByteSpan bytes) {
  if (has_failed_)
    return Error(MemoryError::log_failed, name_ + " failed before and is closed for writing");
  Status written = file_->append(bytes);
  if (!written) {
    has_failed_ = true;
    // Half a record would be taken for a torn tail anyway; cutting it off is courtesy, and may fail
    // as well.
    static_cast<void>(file_->truncate(size_));
    return written;
  }
  size_ += Bytes{bytes.size()};
  return {};
}

Status WriteAheadLog::sync() {
  if (has_failed_)
    return Error(MemoryError::log_failed, name_ + " failed before and is closed for writing");
  Status synced = file_->sync();
  if (!synced) has_failed_ = true;
  return synced;
}

}  // namespace blue::memory
