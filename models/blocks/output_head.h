// The end that decoders share: from the residual stream of the last layer to logits, for the output
// rows. Depends on models/blocks/program_builder.h. Adds to the builder that it is given; one
// thread.
#pragma once

#include "kernels/op.h"
#include "models/blocks/program_builder.h"

namespace blue::models {

/// Begins the head's block and appends logits = W_head · norm(hidden) over output rows; returns the
/// logits' operand. W_head is output.weight, or `embedding` where the file ties the two.
kernels::Operand append_output_head(ProgramBuilder& builder, kernels::Operand hidden,
                                    kernels::Operand embedding);

}  // namespace blue::models
