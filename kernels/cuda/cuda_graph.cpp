#include "kernels/cuda/cuda_graph.h"

#include <string>

#include "kernels/cuda/cuda_device.h"
#include "kernels/cuda/cuda_error.h"

namespace blue::kernels::cuda {

namespace {

std::string at(int device_index, const char* what) {
  return "cuda:" + std::to_string(device_index) + ": " + what;
}

}  // namespace

CudaGraph::~CudaGraph() { release(cudaGraphExecDestroy(executable_)); }

Status CudaGraph::launch(hal::Stream& stream) {
  const cudaError_t code = cudaGraphLaunch(executable_, CudaStream::handle_of(stream));
  if (code == cudaSuccess) return {};
  return hal_error(code, at(device_index_, "launching a captured graph"));
}

Status CudaGraphCapture::begin(hal::Stream& stream) {
  BLUE_TRY(check_hal(cudaSetDevice(device_index_), at(device_index_, "choosing the device")));
  // Thread-local: a call of this thread that cannot be captured (an allocation, for example) fails;
  // those of the threads that load weights meanwhile are unaffected.
  return check_hal(
      cudaStreamBeginCapture(CudaStream::handle_of(stream), cudaStreamCaptureModeThreadLocal),
      at(device_index_, "beginning a graph capture"));
}

Result<std::unique_ptr<hal::Graph>> CudaGraphCapture::end(hal::Stream& stream) {
  cudaGraph_t graph = nullptr;
  const cudaError_t ended = cudaStreamEndCapture(CudaStream::handle_of(stream), &graph);
  if (ended != cudaSuccess) return hal_error(ended, at(device_index_, "ending a graph capture"));

  std::size_t n_nodes = 0;
  cudaGraphExec_t executable = nullptr;
  cudaError_t code = cudaGraphGetNodes(graph, nullptr, &n_nodes);
  if (code == cudaSuccess) code = cudaGraphInstantiate(&executable, graph, 0);
  release(cudaGraphDestroy(graph));
  if (code != cudaSuccess)
    return hal_error(code, at(device_index_, "instantiating a captured graph"));
  return std::unique_ptr<hal::Graph>(
      std::make_unique<CudaGraph>(executable, n_nodes, device_index_));
}

}  // namespace blue::kernels::cuda
