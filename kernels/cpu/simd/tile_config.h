// The shapes of a thread's tiles, as LDTILECFG reads them, and the request for the permission to
// use tiles. Depends on the standard library and Linux alone. Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blue::kernels::cpu {

/// Intel SDM volume 1, 18.3: 64 bytes. Sizes of tiles that are not used are zero.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64 && offsetof(TileConfig, row_bytes) == 16 &&
              offsetof(TileConfig, rows) == 48);

/// Asks Linux for the tiles' registers, once more where it has granted them already. Only for
/// processors that have tiles. False where the kernel is older than 5.16, or refuses (a thread's
/// signal stack is too small to save them).
bool request_tiles();

}  // namespace blue::kernels::cpu
