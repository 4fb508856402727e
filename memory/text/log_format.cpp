#include "memory/text/log_format.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "memory/checksum.h"

namespace blue::memory {
namespace {

constexpr std::array<char, 8> kMagic = {'B', 'L', 'U', 'E', 'W', 'A', 'L', '\0'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kCheckedHeaderBytes = kLogHeaderBytes - sizeof(std::uint32_t);

Error corrupt(std::string_view name, const std::string& why) {
  return Error(MemoryError::log_corrupt, std::string(name) + ": " + why + "; start a new run");
}

template <class T>
void put(std::vector<std::byte>& bytes, const T& value) {
  const ConstByteSpan raw = std::as_bytes(std::span(&value, 1));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

void put_text(std::vector<std::byte>& bytes, std::string_view text) {
  const ConstByteSpan raw = std::as_bytes(std::span(text.data(), text.size()));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

std::uint32_t record_crc(std::uint32_t length, std::uint8_t type, ConstByteSpan payload) {
  std::array<std::byte, 5> head{};
  std::memcpy(head.data(), &length, sizeof(length));
  head[4] = std::byte{type};
  return crc32c(payload, crc32c(head));
}

bool is_known(std::uint8_t type) {
  return type >= static_cast<std::uint8_t>(LogRecordType::run_begin) &&
         type <= static_cast<std::uint8_t>(LogRecordType::run_end);
}

/// The record that the first bytes at `at` describe, if they are plausible.
std::optional<std::uint32_t> plausible_length(ConstByteSpan file, std::uint64_t at) {
  const auto length = load_at<std::uint32_t>(file, at);
  const auto type = load_at<std::uint8_t>(file, at + 8);
  if (!length || !type || !is_known(*type) || *length > kLogPayloadLimit) return std::nullopt;
  if (*length > file.size() - at - kLogRecordHeaderBytes) return std::nullopt;
  return length;
}

/// The whole record at `at`, or nothing.
std::optional<LogRecordView> record_at(ConstByteSpan file, std::uint64_t at) {
  const std::optional<std::uint32_t> length = plausible_length(file, at);
  if (!length) return std::nullopt;
  const auto crc = load_at<std::uint32_t>(file, at + 4);
  const auto type = load_at<std::uint8_t>(file, at + 8);
  const ConstByteSpan payload = file.subspan(at + kLogRecordHeaderBytes, *length);
  if (record_crc(*length, *type, payload) != *crc) return std::nullopt;
  return LogRecordView{.type = static_cast<LogRecordType>(*type), .payload = payload};
}

enum class Behind : std::uint8_t { nothing, a_record, unknown };

/// Does a whole record begin anywhere behind `at`? A garbled length hides where the next one began,
/// so every place is tried; hostile bytes could make each try long, so the work is bounded.
Behind search_behind(ConstByteSpan file, std::uint64_t at) {
  std::uint64_t budget = std::uint64_t{16} * file.size() + (std::uint64_t{1} << 20);
  for (std::uint64_t place = at + 1; place + kLogRecordHeaderBytes <= file.size(); ++place) {
    const std::optional<std::uint32_t> length = plausible_length(file, place);
    if (!length) continue;
    if (*length > budget) return Behind::unknown;
    budget -= *length;
    if (record_at(file, place)) return Behind::a_record;
  }
  return Behind::nothing;
}

}  // namespace

std::string_view to_text(LogRecordType type) {
  switch (type) {
    case LogRecordType::run_begin: return "run_begin";
    case LogRecordType::stage_begin: return "stage_begin";
    case LogRecordType::slot_partial: return "slot_partial";
    case LogRecordType::slot_commit: return "slot_commit";
    case LogRecordType::stage_preempted: return "stage_preempted";
    case LogRecordType::run_end: return "run_end";
  }
  return "?";
}

std::vector<std::byte> encode_log_header() {
  std::vector<std::byte> bytes;
  put(bytes, kMagic);
  put(bytes, kVersion);
  put(bytes, crc32c(bytes));
  return bytes;
}

std::vector<std::byte> encode_log_record(LogRecordType type, ConstByteSpan payload) {
  BLUE_CHECK(payload.size() <= kLogPayloadLimit);
  const auto length = static_cast<std::uint32_t>(payload.size());
  std::vector<std::byte> bytes;
  bytes.reserve(kLogRecordHeaderBytes + payload.size());
  put(bytes, length);
  put(bytes, record_crc(length, static_cast<std::uint8_t>(type), payload));
  put(bytes, type);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

Result<LogContents> parse_log(ConstByteSpan file, std::string_view name) {
  LogContents contents;
  const std::vector<std::byte> header = encode_log_header();
  const std::size_t n_compared = std::min(file.size(), header.size());
  if (!std::equal(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(n_compared),
                  file.begin())) {
    const auto version = load_at<std::uint32_t>(file, kMagic.size());
    const auto crc = load_at<std::uint32_t>(file, kCheckedHeaderBytes);
    if (crc && version && *version != kVersion && crc32c(file.first(kCheckedHeaderBytes)) == *crc) {
      return corrupt(
          name, "log version " + std::to_string(*version) + ", not " + std::to_string(kVersion));
    }
    return corrupt(name, "not a log of a run");
  }
  if (n_compared < header.size()) {
    contents.torn_tail = Bytes{file.size()};
    return contents;
  }
  std::uint64_t at = header.size();
  while (at < file.size()) {
    const std::optional<LogRecordView> record = record_at(file, at);
    if (!record) break;
    contents.records.push_back(*record);
    at += kLogRecordHeaderBytes + record->payload.size();
  }
  if (at < file.size() && search_behind(file, at) != Behind::nothing) {
    return corrupt(
        name, "the record at byte " + std::to_string(at) + " does not check, and is not the last");
  }
  contents.valid = Bytes{at};
  contents.torn_tail = Bytes{file.size() - at};
  return contents;
}

std::vector<std::byte> encode_slot(std::string_view slot, std::string_view text) {
  std::vector<std::byte> bytes;
  bytes.reserve(sizeof(std::uint32_t) + slot.size() + text.size());
  put(bytes, static_cast<std::uint32_t>(slot.size()));
  put_text(bytes, slot);
  put_text(bytes, text);
  return bytes;
}

Result<SlotRecord> decode_slot(ConstByteSpan payload) {
  const auto n = load_at<std::uint32_t>(payload, 0);
  if (!n || *n > payload.size() - sizeof(std::uint32_t)) {
    return Error(MemoryError::log_corrupt,
                 "a slot record whose name is longer than the record; start a new run");
  }
  const std::string_view text(reinterpret_cast<const char*>(payload.data()) + sizeof(std::uint32_t),
                              payload.size() - sizeof(std::uint32_t));
  return SlotRecord{.slot = std::string(text.substr(0, *n)), .text = std::string(text.substr(*n))};
}

}  // namespace blue::memory
