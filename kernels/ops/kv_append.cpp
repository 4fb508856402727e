// Writes in (k, width n_kv_heads · head_dim) and in2 (v, width n_kv_heads · value_dim, where
// value_dim 0 means head_dim) at position[t] of the sequence of t, in layer `layer`. Without
// in2 the key row alone.
#include "kernels/op_traits.h"

namespace blue::kernels {

const OpTraits& op_kv_append() {
  static constexpr OpTraits kTraits{.has_out = false,
                                    .shape_text = ShapeText::heads,
                                    .broken_rule = [](const Op& op) -> std::string_view {
                                      return op.n_kv_heads > 0 && op.head_dim > 0
                                                 ? ""
                                                 : "n_kv_heads and head_dim must be positive";
                                    }};
  return kTraits;
}

}  // namespace blue::kernels
