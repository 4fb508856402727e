#include "models/blocks/output_head.h"

namespace blue::models {

using kernels::Operand;

Operand append_output_head(ProgramBuilder& builder, Operand hidden, Operand embedding) {
  const HyperParameters& hyper = builder.hyper();
  const Operand last = builder.activation(hyper.d_model, kernels::RowSet::outputs);
  const Operand last_normed = builder.activation(hyper.d_model, kernels::RowSet::outputs);
  const Operand logits = builder.activation(hyper.n_vocab, kernels::RowSet::outputs);
  builder.begin_block(memory::BlockKind::head, "head");
  builder.gather_rows(last, hidden);
  builder.rms_norm(last_normed, last, builder.vector("output_norm.weight", hyper.d_model));
  const bool has_own_head = builder.has_tensor("output.weight");
  builder.linear(
      logits, last_normed,
      has_own_head ? builder.weight("output.weight", hyper.n_vocab, hyper.d_model) : embedding);
  if (has_own_head && builder.has_tensor("output.bias"))
    builder.add_bias(logits, builder.vector("output.bias", hyper.n_vocab));
  return logits;
}

}  // namespace blue::models
