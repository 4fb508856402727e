#include "memory/checksum.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstddef>

namespace blue::memory {

std::uint32_t crc32c(ConstByteSpan bytes, std::uint32_t earlier) {
  // ISA-L takes and gives the register itself; the published checksum is its complement. Its length
  // is an int.
  constexpr std::size_t kStep = std::size_t{1} << 30;
  std::uint32_t state = ~earlier;
  while (!bytes.empty()) {
    const std::size_t n = std::min(bytes.size(), kStep);
    // ISA-L's prototype lacks const; it only reads.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
    state = crc32_iscsi(data, static_cast<int>(n), state);
    bytes = bytes.subspan(n);
  }
  return ~state;
}

}  // namespace blue::memory
