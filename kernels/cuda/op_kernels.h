// The launches of the ops that have no weight format, one .cu file each; their docstrings stand
// there. Needs no CUDA header. Depends on launch.h. Threads and errors as Launch.
#pragma once

#include "kernels/cuda/launch.h"

namespace blue::kernels::cuda {

void launch_rms_norm(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                     CUstream_st* stream);
void launch_rope(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                 CUstream_st* stream);
void launch_kv_append(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                      CUstream_st* stream);
void launch_attention(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                      CUstream_st* stream);
void launch_silu_mul(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                     CUstream_st* stream);
void launch_add(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                CUstream_st* stream);
void launch_gather_rows(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                        CUstream_st* stream);

/// Load the kernels of an op onto the calling thread's current GPU, as load.cuh says.
bool load_rms_norm();
bool load_rope();
bool load_kv_append();
bool load_attention();
bool load_silu_mul();
bool load_add();
bool load_gather_rows();

}  // namespace blue::kernels::cuda
