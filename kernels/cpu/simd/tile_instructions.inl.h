// The instructions of Intel's AMX that linear_tiles.inl.h uses, by name; a test substitutes a
// scalar model. Tiles belong to a thread: begin() configures them, end() releases them, so that a
// thread switch has nothing to save. Eight registers, each of up to 16 rows of up to 64 bytes.
// Source: Intel SDM volume 1, 18 (AMX) and volume 2, TDPBSSD. Include only from *_amx.cpp and
// generated units for amx (see simd.inl.h).
#pragma once

#include "kernels/cpu/simd/tile_config.h"

namespace blue::kernels::cpu {
namespace {

/// In assembly: the compilers' intrinsics take the numbers of tiles as literals only, which here
/// are template arguments.
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
