// The reference ops: scalar, float32 storage, float64 arithmetic, one straightforward loop each. The oracle of every backend.
// Depends on kernels/op.h. Shapes and meaning stand at OpKind. Threads: each runs on the caller; never allocates.
// Aliasing: as OpKind allows. Errors: none, the op has passed check_shape.
// Bound: one rounding to float32 per output value, and float64's own error.
#pragma once

#include "kernels/op.h"

namespace blue::kernels::reference {

/// Rows that the op runs over in this step.
inline std::uint32_t row_count(const Op& op, const StepInputs& inputs) {
  return op.row_set == RowSet::tokens ? inputs.n_tokens : inputs.n_outputs;
}

void embed(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void rms_norm(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void linear(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void rope(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void kv_append(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void attention(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void silu_mul(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void add(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void gather_rows(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void head_linear(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void attention_latent(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void index_topk(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void layer_norm(const Op& op, const Bindings& bindings, const StepInputs& inputs);
void hadamard(const Op& op, const Bindings& bindings, const StepInputs& inputs);

}  // namespace blue::kernels::reference
