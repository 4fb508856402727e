// hal::Device over one CUDA GPU: VRAM arenas, non-blocking streams, events, asynchronous copies,
// page-locked host ranges that kernels read in place, and stream capture into graphs. Depends on
// base, hal and the CUDA runtime (linked statically, so that a program that links this folder
// starts on machines without any CUDA library or driver). Threads: as hal/device.h: a CudaDevice
// from any thread, its streams, events and graphs from one thread at a time. Lifetime: outlives
// everything it created. Its memory and queues belong to the process's primary context.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <string>
#include <vector>

#include "hal/device.h"
#include "kernels/cuda/cuda_graph.h"

namespace blue::kernels::cuda {

/// The GPUs that could be opened here, in CUDA's order; empty without a driver, without a GPU, or
/// with GPUs alone that the build holds no machine code for. Creates the primary context of each
/// (which opening needs anyway): free memory can be read only then.
std::vector<hal::DeviceInfo> probe_devices();

/// One device as probe_devices describes it. Errors: bad_argument (no such GPU; names how many
/// there are), absent (no driver, or no machine code for that GPU), device_failed.
Result<hal::DeviceInfo> describe_device(int index);

class CudaStream final : public hal::Stream {
 public:
  /// Takes over `stream`, of device `index`.
  CudaStream(cudaStream_t stream, int index) : stream_(stream), index_(index) {}
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;
  ~CudaStream() override;

  [[nodiscard]] Status synchronize() override;
  [[nodiscard]] Status record(hal::Event& event) override;
  [[nodiscard]] Status wait_for(hal::Event& event) override;

  [[nodiscard]] cudaStream_t handle() const { return stream_; }
  /// The same handle out of the contract's type; a bug when the stream belongs to another kind of
  /// device.
  [[nodiscard]] static cudaStream_t handle_of(hal::Stream& stream);

 private:
  cudaStream_t stream_;
  int index_;
};

class CudaDevice final : public hal::Device {
 public:
  /// Opens GPU `index`. Errors: as describe_device.
  static Result<std::unique_ptr<CudaDevice>> open(int index);

  [[nodiscard]] const hal::DeviceInfo& info() const override { return info_; }
  [[nodiscard]] Result<std::unique_ptr<hal::Arena>> allocate(Bytes size) override;
  [[nodiscard]] Result<std::unique_ptr<hal::Stream>> open_stream() override;
  [[nodiscard]] Result<std::unique_ptr<hal::Event>> open_event() override;
  [[nodiscard]] Result<std::unique_ptr<hal::HostRegistration>> register_host(
      ByteSpan range) override;
  [[nodiscard]] Status copy_to_device(std::byte* device, const std::byte* host, Bytes size,
                                      hal::Stream& stream) override;
  [[nodiscard]] Status copy_to_host(std::byte* host, const std::byte* device, Bytes size,
                                    hal::Stream& stream) override;
  [[nodiscard]] Status copy_within(std::byte* to, const std::byte* from, Bytes size,
                                   hal::Stream& stream) override;
  [[nodiscard]] hal::GraphCapture* graph_capture() override { return &capture_; }

  /// Makes this GPU the calling thread's current one, which every launch and allocation needs. A
  /// few nanoseconds when it is already. Errors: device_failed.
  [[nodiscard]] Status bind() const;

 private:
  explicit CudaDevice(hal::DeviceInfo info) : info_(std::move(info)), capture_(info_.index) {}

  Status copy(void* to, const void* from, Bytes size, cudaMemcpyKind kind,
              hal::Stream& stream) const;

  hal::DeviceInfo info_;
  CudaGraphCapture capture_;
};

}  // namespace blue::kernels::cuda
