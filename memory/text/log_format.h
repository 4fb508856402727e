// The write-ahead log's bytes: how records are laid out, and how a file of them is read back after
// a crash. Format (little-endian): magic "BLUEWAL\0" · version u32 · CRC32C u32 of the 12 bytes
// before; then records:
//   length u32 (of the payload) · CRC32C u32 of (length, type, payload) · type u8 · payload.
// Depends on base, memory/checksum. Pure; any thread. Views borrow the parsed bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "base/units.h"
#include "memory/memory_error.h"

namespace blue::memory {

/// What happened in a run. Payloads of run_*, stage_* are their writer's own; those of slot_* are a
/// SlotRecord.
enum class LogRecordType : std::uint8_t {
  run_begin = 1,  ///< which cascade, task and settings: all that a resume needs
  stage_begin = 2,
  slot_partial = 3,  ///< text of an unfinished slot, for inspection; a resume ignores it
  slot_commit = 4,   ///< a slot's final text
  stage_preempted = 5,
  run_end = 6,
};
std::string_view to_text(LogRecordType type);

inline constexpr std::size_t kLogHeaderBytes = 16;
inline constexpr std::size_t kLogRecordHeaderBytes = 9;
/// A record's payload at most: a length beyond it is damage.
inline constexpr std::uint32_t kLogPayloadLimit = std::uint32_t{1} << 30;

struct LogRecordView {
  LogRecordType type{};
  ConstByteSpan payload;
};

struct LogContents {
  std::vector<LogRecordView> records;
  /// the file up to the end of its last good record; 0 when not even the header was finished
  Bytes valid;
  Bytes torn_tail;  ///< bytes behind that: a record whose writing was cut off
};

/// Reads a log as a crash may have left it. A record that does not check is a torn tail, and
/// dropped, if no whole record follows it: it was never acknowledged. If one does, bytes that
/// were once synced have changed: log_corrupt.
/// Errors: log_corrupt (also for another magic or version).
/// Bound: allocates 24 bytes per record, each of which fills at least 9 bytes of the file; the
/// search behind a bad
///   record checksums at most 16 times the file and 1 MiB, and calls the log corrupt when that is
///   not enough.
[[nodiscard]] Result<LogContents> parse_log(ConstByteSpan file, std::string_view name);

/// The file header, and one record, as bytes.
[[nodiscard]] std::vector<std::byte> encode_log_header();
[[nodiscard]] std::vector<std::byte> encode_log_record(LogRecordType type, ConstByteSpan payload);

/// Payload of slot_partial and slot_commit: name length u32 · name · text.
struct SlotRecord {
  std::string slot;
  std::string text;
};
[[nodiscard]] std::vector<std::byte> encode_slot(std::string_view slot, std::string_view text);
/// Errors: log_corrupt.
[[nodiscard]] Result<SlotRecord> decode_slot(ConstByteSpan payload);

}  // namespace blue::memory
