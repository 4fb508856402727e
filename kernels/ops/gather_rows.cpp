// out[o, :] = in[output_row[o], :]: from tokens rows to outputs rows.
// Shapes: width cols.
#include "kernels/op_traits.h"

namespace blue::kernels {

const OpTraits& op_gather_rows() {
  static constexpr OpTraits kTraits{.broken_rule = [](const Op& op) -> std::string_view {
    return op.cols > 0 ? "" : "cols must be positive";
  }};
  return kTraits;
}

}  // namespace blue::kernels
