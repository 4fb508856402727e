// CUDA's return codes as Errors, in one place: every call of the runtime in this folder passes its
// code through here. Depends on hal_error.h and the CUDA runtime; included only inside
// kernels/cuda, by .cpp files.
// Threads: any; clears the calling thread's last CUDA error, so that the next launch check sees
// only its own.
#pragma once

#include <cuda_runtime_api.h>

#include <string_view>

#include "base/result.h"
#include "hal/hal_error.h"
#include "kernels/kernels_error.h"

namespace blue::kernels::cuda {

/// "cudaErrorIllegalAddress: an illegal memory access was encountered".
std::string to_text(cudaError_t code);

/// The hal error for a failed call: out_of_memory where CUDA reports that, otherwise device_failed.
/// `what`: the call in words, with its device ("cuda:0: copying 4 KiB to the device").
Error hal_error(cudaError_t code, std::string_view what);

/// OK for cudaSuccess, else hal_error.
Status check_hal(cudaError_t code, std::string_view what);

/// The code of a call in a destructor, which cannot report it: a failure that matters (a lost
/// device) is sticky, and the next call that can report returns it.
void release(cudaError_t code);

}  // namespace blue::kernels::cuda
