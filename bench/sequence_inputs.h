// What a step is told of one sequence whose pages lie in order: for benches of attention.
// Depends on kernels/op.h. One thread; StepInputs point into it.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "kernels/op.h"

namespace blue::bench {

struct SequenceInputs {
  SequenceInputs(std::uint32_t n_positions, std::uint32_t n_pages)
      : pages(n_pages), positions(n_positions), sequences(n_positions, 0) {
    std::iota(pages.begin(), pages.end(), 0);
    std::iota(positions.begin(), positions.end(), 0);
  }
  /// The last n_tokens of the sequence.
  [[nodiscard]] kernels::StepInputs last(std::uint32_t n_tokens) const {
    return {.positions = positions.data() + positions.size() - n_tokens,
            .sequences = sequences.data(),
            .page_table = pages.data(),
            .page_table_stride = static_cast<std::uint32_t>(pages.size()),
            .n_tokens = n_tokens};
  }

  std::vector<std::int32_t> pages;
  std::vector<std::int32_t> positions;
  std::vector<std::int32_t> sequences;
};

}  // namespace blue::bench
