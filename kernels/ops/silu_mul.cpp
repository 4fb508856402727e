// out = in / (1 + exp(-in)) · in2
// Shapes: width cols. Aliasing: out may be in or in2.
#include "kernels/op_traits.h"
#include "kernels/ops/rounding.h"

namespace blue::kernels {

const OpTraits& op_silu_mul() {
  static constexpr OpTraits kTraits{.has_in2 = true,
                                    .broken_rule = [](const Op& op) -> std::string_view {
                                      return op.cols > 0 ? "" : "cols must be positive";
                                    },
                                    .max_abs_error =
                                        [](const Op&, const OpMagnitudes& m, const Format*) {
                                          return kSafety * kUnitRoundoff * 4.0 * m.in * m.weight;
                                        }};
  return kTraits;
}

}  // namespace blue::kernels
