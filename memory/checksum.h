// CRC32C (Castagnoli) over bytes, on ISA-L: the one checksum of blocks and logs.
// Depends on base/span.h and, in the .cpp, ISA-L. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/span.h"

namespace blue::memory {

/// CRC32C of `bytes`, continued from the checksum of the bytes before them: crc32c(b, crc32c(a)) ==
/// crc32c(a then b).
/// Bound: reads each byte once, at several bytes per cycle where the CPU has the instruction.
/// Source: RFC 3720 §12.1.
[[nodiscard]] std::uint32_t crc32c(ConstByteSpan bytes, std::uint32_t earlier = 0);

}  // namespace blue::memory
