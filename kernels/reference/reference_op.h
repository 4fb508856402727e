// The reference ops: scalar, float32 storage, float64 arithmetic, one straightforward loop each.
// The oracle of every backend. Depends on kernels/op.h; contracts are in kernels/ops. Threads: each
// runs on the caller; never allocates. Errors: none, the op has passed check_shape. Bound: one
// rounding to float32 per output value, and float64's own error.
#pragma once

#include <algorithm>
#include <span>

#include "base/check.h"
#include "kernels/op.h"

namespace blue::kernels::reference {

/// Rows that the op runs over in this step.
inline std::uint32_t row_count(const Op& op, const StepInputs& inputs) {
  return op.row_set == RowSet::tokens ? inputs.n_tokens : inputs.n_outputs;
}

/// Decodes row `row` of `matrix` piece by piece through a buffer on the stack, since a step never
/// allocates. `use(first_column, values)` sees the pieces in order.
template <class Use>
void for_each_piece(const WeightView& weight, const std::byte* matrix, std::uint64_t row,
                    Use&& use) {
  constexpr std::size_t kPieceValues = 1024;
  const Format& format = *weight.format;
  BLUE_CHECK(format.values_per_block <= kPieceValues,
             "a block of the format exceeds the decode buffer");
  float values[kPieceValues];
  const std::size_t piece = kPieceValues / format.values_per_block * format.values_per_block;
  const std::byte* data = matrix + row * format.row_bytes(weight.cols);
  for (std::uint64_t column = 0; column < weight.cols; column += piece) {
    const std::size_t n = std::min<std::uint64_t>(piece, weight.cols - column);
    format.decode({data + format.row_bytes(column), format.row_bytes(n)}, {values, n});
    use(column, std::span<const float>(values, n));
  }
}

/// One op. kernels/reference/ops/<op>.cpp defines `const ReferenceOp& reference_op_<op>();`.
struct ReferenceOp {
  void (*run)(const Op& op, const Bindings& bindings, const StepInputs& inputs) = nullptr;
};

/// Every op, in the order of OpKind (generated from the names of kernels/ops).
std::span<const ReferenceOp* const> reference_ops();

}  // namespace blue::kernels::reference
