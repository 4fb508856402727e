// out = in + in2
// Shapes: width cols. Aliasing: out may be in or in2.
#include "kernels/op_traits.h"

namespace blue::kernels {

const OpTraits& op_add() {
  static constexpr OpTraits kTraits{.has_in2 = true,
                                    .broken_rule = [](const Op& op) -> std::string_view {
                                      return op.cols > 0 ? "" : "cols must be positive";
                                    }};
  return kTraits;
}

}  // namespace blue::kernels
