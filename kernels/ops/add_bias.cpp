// out = in + weight[0, :]
// Shapes: weight F32 [1, cols]. Aliasing: out may be in.
#include "kernels/op_traits.h"

namespace blue::kernels {

const OpTraits& op_add_bias() {
  static constexpr OpTraits kTraits{.weight = WeightRule::f32,
                                    .broken_rule = [](const Op& op) -> std::string_view {
                                      return op.cols > 0 ? "" : "cols must be positive";
                                    }};
  return kTraits;
}

}  // namespace blue::kernels
