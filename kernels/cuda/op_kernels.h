// The launches of the ops that have no weight format, one .cu file each; their docstrings stand there.
// Needs no CUDA header. Depends on launch.h. Threads and errors as Launch.
#pragma once

#include "kernels/cuda/launch.h"

namespace blue::kernels::cuda {

/// Does this build hold machine code for the calling thread's current GPU?
bool has_machine_code();

void launch_rms_norm(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream);
void launch_rope(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream);
void launch_kv_append(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream);
void launch_attention(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream);
void launch_silu_mul(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream);
void launch_add(const Op& op, const Bindings& bindings, const StepInputs& inputs, CUstream_st* stream);
void launch_gather_rows(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                        CUstream_st* stream);

}  // namespace blue::kernels::cuda
