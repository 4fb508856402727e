#include "kernels/cpu/simd/linear_format.inl.h"
#include "kernels/cpu/simd/linear_tiles.inl.h"
#include "kernels/formats/q4_0/cpu.inl.h"
#include "kernels/formats/q4_0/quant_block.h"
#include "kernels/formats/q4_k/cpu.inl.h"
#include "kernels/formats/q4_k/quant_block.h"
#include "kernels/formats/q8_0/cpu.inl.h"
#include "kernels/formats/q8_0/quant_block.h"
#include "tests/support/kernels/tile_model.h"

namespace blue::test {
namespace {

using kernels::cpu::TileConfig;

constexpr int kTiles = 8;
constexpr int kRows = 16;
constexpr int kRowBytes = 64;

struct State {
  TileConfig config;
  bool has_config = false;
  unsigned char tiles[kTiles][kRows][kRowBytes];
  int n_misused = 0;
};
State state;  // NOLINT: a processor's registers are one set, too

/// The words of Intel's manual: volume 2, LDTILECFG, TILELOADD, TDPBSSD, TILESTORED, TILERELEASE.
struct TileModel {
  static void begin(const TileConfig& config) {
    state.config = config;
    state.has_config = config.palette == 1 && config.start_row == 0;
    __builtin_memset(state.tiles, 0, sizeof state.tiles);
    for (int tile = 0; tile < kTiles; ++tile) {
      if (config.rows[tile] > kRows || config.row_bytes[tile] > kRowBytes) ++state.n_misused;
    }
  }
  static void end() { state.has_config = false; }
  template <int kTile>
  static void clear() {
    check<kTile>();
    __builtin_memset(state.tiles[kTile], 0, sizeof state.tiles[kTile]);
  }
  template <int kTile>
  static void load(const void* first, std::size_t stride) {
    clear<kTile>();
    for (std::size_t r = 0; r < state.config.rows[kTile]; ++r) {
      __builtin_memcpy(state.tiles[kTile][r], static_cast<const char*>(first) + r * stride,
                       state.config.row_bytes[kTile]);
    }
  }
  template <int kTile>
  static void store(void* first, std::size_t stride) {
    check<kTile>();
    for (std::size_t r = 0; r < state.config.rows[kTile]; ++r) {
      __builtin_memcpy(static_cast<char*>(first) + r * stride, state.tiles[kTile][r],
                       state.config.row_bytes[kTile]);
    }
  }
  template <int kSum, int kA, int kB>
  static void dot() {
    check<kSum>();
    check<kA>();
    check<kB>();
    const TileConfig& config = state.config;
    if (config.row_bytes[kA] != 4 * config.rows[kB] || config.rows[kSum] != config.rows[kA] ||
        config.row_bytes[kSum] != config.row_bytes[kB])
      ++state.n_misused;  // the processor raises #UD
    for (int m = 0; m < config.rows[kSum]; ++m) {
      for (int n = 0; n < config.row_bytes[kSum] / 4; ++n) {
        std::int32_t sum;
        __builtin_memcpy(&sum, state.tiles[kSum][m] + 4 * n, sizeof sum);
        for (int k = 0; k < config.row_bytes[kA]; ++k) {
          const int a = static_cast<signed char>(state.tiles[kA][m][k]);
          const int b = static_cast<signed char>(state.tiles[kB][k / 4][4 * n + k % 4]);
          sum += a * b;
        }
        __builtin_memcpy(state.tiles[kSum][m] + 4 * n, &sum, sizeof sum);
      }
    }
  }

 private:
  template <int kTile>
  static void check() {
    if (!state.has_config || state.config.rows[kTile] == 0) ++state.n_misused;
  }
};

template <class Traits>
void linear_in_model(const kernels::cpu::LinearPart& part) {
  kernels::cpu::linear_tiles<Traits, TileModel>(part);
}

}  // namespace

const ModelledFormat& modelled_format(int i) {
  namespace formats = kernels::formats;
  static constexpr ModelledFormat kFormats[kModelledFormats] = {
      {"q4_0", linear_in_model<formats::q4_0::Traits>},
      {"q4_k", linear_in_model<formats::q4_k::Traits>},
      {"q8_0", linear_in_model<formats::q8_0::Traits>},
  };
  return kFormats[i];
}

int n_misused_tiles() {
  const int n = state.n_misused;
  state.n_misused = 0;
  return n;
}

}  // namespace blue::test
