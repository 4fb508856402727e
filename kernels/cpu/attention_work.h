// How attention and attention_latent are shared out among the workers. Many tokens of a sequence:
// by kv heads and query rows. A few: by ranges of their positions, whose results are merged, since
// the cache sets the pace and should be read once, in order. Where ranges begin and how results
// are merged depends on the sequence alone, so that neither the number of workers nor other
// sequences of the step change a bit of the result. Depends on ops/cpu_op.h. Threads: called by the
// pool's owner; never allocates.
#pragma once

#include "kernels/cpu/ops/cpu_op.h"

namespace blue::kernels::cpu {

/// Both ops over all tokens of the step.
void attend_step(const StepWork& work, const AttentionShape& shape);

/// Bytes of workspace for the results of ranges.
std::uint64_t attention_workspace_bytes(const AttentionShape& shape, std::uint32_t max_tokens);

}  // namespace blue::kernels::cpu
