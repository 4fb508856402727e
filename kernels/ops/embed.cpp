// out[t, :] = decode(weight[token_id[t], :])
// Shapes: weight [n_vocab, cols] in any format; out width cols.
#include "kernels/op_traits.h"

namespace blue::kernels {

const OpTraits& op_embed() {
  static constexpr OpTraits kTraits{.has_in = false,
                                    .weight = WeightRule::any_format,
                                    .broken_rule = [](const Op& op) -> std::string_view {
                                      return op.cols > 0 ? "" : "cols must be positive";
                                    }};
  return kTraits;
}

}  // namespace blue::kernels
