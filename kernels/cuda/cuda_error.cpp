#include "kernels/cuda/cuda_error.h"

namespace blue::kernels::cuda {

std::string to_text(cudaError_t code) {
  return std::string(cudaGetErrorName(code)) + ": " + cudaGetErrorString(code);
}

Error hal_error(cudaError_t code, std::string_view what) {
  static_cast<void>(cudaGetLastError());
  std::string message = std::string(what) + ": " + to_text(code);
  if (code == cudaErrorMemoryAllocation) return {hal::HalError::out_of_memory, std::move(message)};
  return {hal::HalError::device_failed, std::move(message)};
}

Status check_hal(cudaError_t code, std::string_view what) {
  if (code == cudaSuccess) return {};
  return hal_error(code, what);
}

void release(cudaError_t code) {
  if (code != cudaSuccess) static_cast<void>(cudaGetLastError());
}

}  // namespace blue::kernels::cuda
