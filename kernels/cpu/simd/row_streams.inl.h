// Which rows of a weight meet a token together. A core reaches the memory's rate only when it reads
// from several places at once: what fetches ahead in hardware follows few lines on each stream and
// stops at every page's end. Four rows far from each other, with a fetch ahead of our own, read
// half as much again as row after row (hal/machine_measure.cpp measures it so). Include only from
// translation units with an instruction set's flags (see simd.inl.h).
#pragma once

#include <type_traits>

#include "kernels/cpu/format_kernels.h"
#include "kernels/cpu/simd/simd.inl.h"

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

template <int kRows>
using Rows = std::integral_constant<int, kRows>;

/// Calls dot(Rows<n>(), row, apart) so that all of [first_row, end_row) are met once: it is to take
/// the n rows row, row + apart, ... and n is kStreams or 1.
template <int kStreams, class Dot>
BLUE_SIMD void walk_streams(std::uint64_t first_row, std::uint64_t end_row, const Dot& dot) {
  const std::uint64_t apart = (end_row - first_row) / kStreams;
  for (std::uint64_t r = first_row; r < first_row + apart; ++r) dot(Rows<kStreams>(), r, apart);
  if constexpr (kStreams > 1) {
    for (std::uint64_t r = first_row + apart * kStreams; r < end_row; ++r)
      dot(Rows<1>(), r, std::uint64_t{0});
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
