// Runs one op of the reference backend on operands in host memory. Depends on kernels/reference.
// Any thread.
#pragma once

#include "kernels/reference/reference_op.h"

namespace blue::test {

inline void run_reference(kernels::OpKind kind, const kernels::Op& op,
                          const kernels::Bindings& bindings, const kernels::StepInputs& inputs) {
  kernels::reference::reference_ops()[static_cast<std::size_t>(kind)]->run(op, bindings, inputs);
}

}  // namespace blue::test
