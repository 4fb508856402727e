// Which rows of a weight are multiplied with a token together. A core reaches the memory's rate
// only when it reads from several places at once: the hardware prefetcher follows few lines of each
// stream and stops at every page's end. Four rows far apart, with a software prefetch, read half as
// much again as row after row (measured as in hal/machine_measure.cpp). Include only from
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

/// Calls dot(Rows<n>(), row, apart) until every row of [first_row, end_row) is covered; one call
/// covers the n rows row, row + apart, ..., and n is kStreams or 1.
template <int kStreams, class Dot>
BLUE_SIMD void for_each_row_stream(std::uint64_t first_row, std::uint64_t end_row, const Dot& dot) {
  const std::uint64_t apart = (end_row - first_row) / kStreams;
  for (std::uint64_t r = first_row; r < first_row + apart; ++r) dot(Rows<kStreams>(), r, apart);
  if constexpr (kStreams > 1) {
    for (std::uint64_t r = first_row + apart * kStreams; r < end_row; ++r)
      dot(Rows<1>(), r, std::uint64_t{0});
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
