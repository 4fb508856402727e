// The instructions of Intel's AMX that linear_tiles.inl.h is made of, under names; a test puts a
// scalar model in their place. Tiles belong to a thread: begin() gives it theirs, end() clears
// them, so that switching threads has nothing to save. Eight registers, each of up to 16 rows of up
// to 64 bytes. Source: Intel SDM volume 1, 18 (AMX) and volume 2, TDPBSSD. Include only from
// *_amx.cpp and generated units for amx (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/tile_config.h"

namespace blue::kernels::cpu {
namespace {

/// In assembly: the compilers' own intrinsics want the numbers of tiles as literals, where here
/// they are template arguments.
struct TileInstructions {
  static void begin(const TileConfig& config) { asm volatile("ldtilecfg %0" ::"m"(config)); }
  static void end() { asm volatile("tilerelease"); }
  template <int kTile>
  static void clear() {
    asm volatile("tilezero %%tmm%c0" ::"i"(kTile));
  }
  /// Row r of the tile = the bytes from first + r · stride on.
  template <int kTile>
  static void load(const void* first, std::size_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(first), "r"(stride), "i"(kTile) : "memory");
  }
  template <int kTile>
  static void store(void* first, std::size_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(first), "r"(stride), "i"(kTile) : "memory");
  }
  /// 32-bit integers: sum[m][n] += Σ_k Σ_i a[m][4k + i] · b[k][4n + i], bytes with signs.
  template <int kSum, int kA, int kB>
  static void dot() {
    asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSum), "i"(kA), "i"(kB));
  }
};

}  // namespace
}  // namespace blue::kernels::cpu
