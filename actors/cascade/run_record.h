// RunRecord: all that a resume needs of a run: its cascade with every override applied, its task,
// its settings. The payload of run_begin in the write-ahead log, and of run_end. Format
// (little-endian): version u32, then the fields in order; strings and lists with a u32 length in
// front; floats as bits. Depends on base and cascade_file.h. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "actors/cascade/cascade_file.h"
#include "base/result.h"
#include "base/span.h"
#include "messages/ids.h"

namespace blue::actors {

/// May stages with a skip rule be skipped?
enum class SkipPolicy : std::uint8_t { never, as_configured };

struct RunRecord {
  CascadeSpec cascade;
  std::string task;
  SkipPolicy skip = SkipPolicy::never;
};

std::vector<std::byte> encode_run_record(const RunRecord& record);
/// The input is untrusted. Errors: bad_cascade (damaged, or of another version); the message has
/// `name`.
/// Bound: allocates at most 16 times the payload.
Result<RunRecord> decode_run_record(ConstByteSpan payload, const std::string& name);

struct RunEndRecord {
  messages::Outcome outcome{};
  std::string error;
};
std::vector<std::byte> encode_run_end(const RunEndRecord& record);
/// Errors: bad_cascade.
Result<RunEndRecord> decode_run_end(ConstByteSpan payload, const std::string& name);

}  // namespace blue::actors
