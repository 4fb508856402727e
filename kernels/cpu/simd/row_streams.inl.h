// Which rows of a weight are multiplied with a token together. A core reaches the memory's rate
// only when it reads from several places at once: the hardware prefetcher follows few lines of each
// stream and stops at every page's end. Four rows far apart, with a software prefetch, read half as
// much again as row after row (measured as in hal/machine_measure.cpp). Include only from
// translation units with an instruction set's flags (see simd.inl.h).
#pragma once

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

/// Calls dot(row, apart) until every row of [first_row, end_row) is covered; one call covers the
/// kStreams rows row, row + apart, ... The up to kStreams - 1 rows that remain are covered with
/// apart = 0, kStreams times the same row, instead of by a second instance of `dot`: matrices have
/// hardly ever such rows, and every instance is compiled for every format.
template <int kStreams, class Dot>
BLUE_SIMD void for_each_row_stream(std::uint64_t first_row, std::uint64_t end_row, const Dot& dot) {
  const std::uint64_t apart = (end_row - first_row) / kStreams;
  const std::uint64_t n_calls = apart + (end_row - first_row) % kStreams;
  for (std::uint64_t i = 0; i < n_calls; ++i) {
    const bool is_spread = i < apart;
    dot(first_row + i + (is_spread ? 0 : apart * (kStreams - 1)), is_spread ? apart : 0);
  }
}

}  // namespace
}  // namespace blue::kernels::cpu
