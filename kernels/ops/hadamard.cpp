// Multiplies groups of cols values, a power of two, by the Hadamard matrix over sqrt(cols): the
// sign at row i, column j is the parity of i & j.
// Shapes: a row holds n_heads groups. Aliasing: out may be in.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_hadamard() {
  static constexpr OpTraits kTraits{.broken_rule = [](const Op& op) -> std::string_view {
                                      if (op.cols == 0 || (op.cols & (op.cols - 1)) != 0)
                                        return "cols must be a power of two";
                                      if (op.cols > kMaxHadamard)
                                        return "cols must not exceed 4096";
                                      return op.n_heads > 0 ? "" : "n_heads must be positive";
                                    },
                                    .max_abs_error =
                                        [](const Op& op, const OpMagnitudes& m, const Format*) {
                                          return kSafety *
                                                 dot_error(op.cols, m.in / std::sqrt(op.cols));
                                        }};
  return kTraits;
}

}  // namespace blue::kernels
