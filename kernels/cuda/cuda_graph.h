// hal::GraphCapture and hal::Graph over CUDA's stream capture: what is enqueued between begin and
// end becomes one executable graph. Depends on hal/device.h and the CUDA runtime.
// Threads: capture is bound to the capturing thread and stream; other threads may allocate
// meanwhile.
// Lifetime: the device outlives its graphs; memory that a graph's kernels use outlives its last
// launch.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>

#include "hal/device.h"

namespace blue::kernels::cuda {

class CudaGraph final : public hal::Graph {
 public:
  /// Takes over `executable`, which holds `n_nodes`.
  CudaGraph(cudaGraphExec_t executable, std::size_t n_nodes, int device_index)
      : executable_(executable), n_nodes_(n_nodes), device_index_(device_index) {}
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;
  ~CudaGraph() override;

  [[nodiscard]] Status launch(hal::Stream& stream) override;
  [[nodiscard]] std::size_t n_nodes() const override { return n_nodes_; }

 private:
  cudaGraphExec_t executable_;
  std::size_t n_nodes_;
  int device_index_;
};

class CudaGraphCapture final : public hal::GraphCapture {
 public:
  explicit CudaGraphCapture(int device_index) : device_index_(device_index) {}

  [[nodiscard]] Status begin(hal::Stream& stream) override;
  [[nodiscard]] Result<std::unique_ptr<hal::Graph>> end(hal::Stream& stream) override;

 private:
  int device_index_;
};

}  // namespace blue::kernels::cuda
