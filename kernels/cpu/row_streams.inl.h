// Which rows of a weight meet a token together. A core reaches the memory's rate only when it reads from several places at
// once: what fetches ahead in hardware follows few lines on each stream and stops at every page's end. Four rows far from each
// other, with a fetch ahead of our own, read half as much again as row after row (hal/machine_measure.cpp measures it so).
// Include only from translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include "kernels/cpu/format_kernels.h"
#include "kernels/cpu/simd.inl.h"

namespace blue::kernels::cpu {
namespace {

constexpr std::uint64_t kFetchAhead = 1024;  ///< bytes

/// Fetches the lines of kBytes bytes that will be read some turns later.
template <std::uint64_t kBytes>
BLUE_SIMD void fetch_ahead(const void* from) {
  const char* ahead = static_cast<const char*>(from) + kFetchAhead;
  BLUE_UNROLL
  for (std::uint64_t line = 0; line < kBytes; line += 64) _mm_prefetch(ahead + line, _MM_HINT_T0);
}

/// Calls dot(sums, first, apart) for all rows of the part: sums is float[4] or float[1], first the address of the first row that
/// it is to fill, apart the bytes from each of them to the next. `out` takes the sums, by row.
template <class Dot>
BLUE_SIMD void walk_streams(const LinearPart& part, float* out, const Dot& dot) {
  constexpr std::uint64_t kStreams = 4;
  const std::uint64_t n_each = (part.end_row - part.first_row) / kStreams;
  for (std::uint64_t r = part.first_row; r < part.first_row + n_each; ++r) {
    float sums[kStreams];
    dot(sums, part.weight + r * part.row_bytes, n_each * part.row_bytes);
    for (std::uint64_t i = 0; i < kStreams; ++i) out[r + i * n_each] = sums[i];
  }
  for (std::uint64_t r = part.first_row + n_each * kStreams; r < part.end_row; ++r) {
    float sum[1];
    dot(sum, part.weight + r * part.row_bytes, std::uint64_t{0});
    out[r] = sum[0];
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
