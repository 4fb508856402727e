#include "kernels/cuda/cuda_device.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "kernels/cuda/cuda_error.h"
#include "kernels/cuda/cuda_op.h"

namespace blue::kernels::cuda {

/// Of kernels/cuda/ops/add.cu: the smallest kernel there is.
const CudaOp& cuda_op_add();

namespace {

std::string name_of(int index) { return "cuda:" + std::to_string(index); }

std::string at(int index, std::string_view what) {
  return name_of(index).append(": ").append(what);
}

class CudaArena final : public hal::Arena {
 public:
  CudaArena(std::byte* base, Bytes size) : base_(base), size_(size) {}
  CudaArena(const CudaArena&) = delete;
  CudaArena& operator=(const CudaArena&) = delete;
  ~CudaArena() override { release(cudaFree(base_)); }

  [[nodiscard]] std::byte* base() const override { return base_; }
  [[nodiscard]] Bytes size() const override { return size_; }

 private:
  std::byte* base_;
  Bytes size_;
};

class CudaEvent final : public hal::Event {
 public:
  CudaEvent(cudaEvent_t event, int index) : event_(event), index_(index) {}
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;
  ~CudaEvent() override { release(cudaEventDestroy(event_)); }

  [[nodiscard]] Result<bool> is_done() override {
    const cudaError_t code = cudaEventQuery(event_);
    if (code == cudaSuccess) return true;
    if (code != cudaErrorNotReady) return hal_error(code, at(index_, "asking an event"));
    static_cast<void>(cudaGetLastError());
    return false;
  }

  [[nodiscard]] Status wait() override {
    const cudaError_t code = cudaEventSynchronize(event_);
    if (code == cudaSuccess) return {};
    return hal_error(code, at(index_, "waiting for an event"));
  }

  static cudaEvent_t handle_of(hal::Event& event) {
    auto* ours = dynamic_cast<CudaEvent*>(&event);
    BLUE_CHECK(ours != nullptr, "the event belongs to another kind of device");
    return ours->event_;
  }

 private:
  cudaEvent_t event_;
  int index_;
};

class CudaHostRegistration final : public hal::HostRegistration {
 public:
  CudaHostRegistration(std::byte* host, std::byte* device) : host_(host), device_(device) {}
  CudaHostRegistration(const CudaHostRegistration&) = delete;
  CudaHostRegistration& operator=(const CudaHostRegistration&) = delete;
  ~CudaHostRegistration() override { release(cudaHostUnregister(host_)); }

  [[nodiscard]] std::byte* device_address() const override { return device_; }

 private:
  std::byte* host_;
  std::byte* device_;
};

Error registration_error(cudaError_t code, int index, Bytes size) {
  const std::string what = at(index, "page-locking " + to_text(size) + " of host memory");
  if (code == cudaErrorMemoryAllocation) {
    return {hal::HalError::out_of_memory,
            hal_error(code, what).message() + "; page-lock less, or free memory"};
  }
  if (code == cudaErrorOperatingSystem || code == cudaErrorNotPermitted ||
      code == cudaErrorNotSupported || code == cudaErrorInvalidValue ||
      code == cudaErrorHostMemoryAlreadyRegistered) {
    return {hal::HalError::denied, hal_error(code, what).message() +
                                       "; raise the limit on locked memory (ulimit -l) " +
                                       "and register ordinary memory once"};
  }
  return hal_error(code, what);
}

}  // namespace

std::vector<hal::DeviceInfo> probe_devices() {
  int n_devices = 0;
  // Any failure here means that there is nothing to open: no driver, too old a driver, no GPU, no
  // access to it.
  if (cudaGetDeviceCount(&n_devices) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    return {};
  }
  std::vector<hal::DeviceInfo> found;
  for (int index = 0; index < n_devices; ++index) {
    Result<hal::DeviceInfo> info = describe_device(index);
    if (info) found.push_back(std::move(info).value());
  }
  return found;
}

Result<hal::DeviceInfo> describe_device(int index) {
  int n_devices = 0;
  const cudaError_t counted = cudaGetDeviceCount(&n_devices);
  if (counted != cudaSuccess) {
    return Error(hal::HalError::absent,
                 "cuda: no GPU can be reached: " + hal_error(counted, "counting GPUs").message());
  }
  if (index < 0 || index >= n_devices) {
    return Error(hal::HalError::bad_argument,
                 name_of(index) + ": no such GPU; this machine has " + std::to_string(n_devices));
  }
  cudaDeviceProp properties{};
  BLUE_TRY(check_hal(cudaGetDeviceProperties(&properties, index),
                     at(index, "asking for its properties")));
  const std::string capability =
      std::to_string(properties.major) + std::to_string(properties.minor);
  BLUE_TRY(check_hal(cudaSetDevice(index), at(index, "choosing the device")));
  if (!cuda_op_add().load()) {
    const cudaError_t code = cudaGetLastError();
    if (code != cudaErrorNoKernelImageForDevice)
      return hal_error(code, at(index, "loading a kernel"));
    return Error(hal::HalError::absent, name_of(index) + ": this build holds no machine code for " +
                                            properties.name + " (sm_" + capability +
                                            "); add it to CMAKE_CUDA_ARCHITECTURES or use the CPU");
  }

  hal::DeviceInfo info;
  info.name = name_of(index);
  info.description = std::string(properties.name) + ", sm_" + capability + ", " +
                     std::to_string(properties.multiProcessorCount) + " multiprocessors";
  info.kind = hal::DeviceKind::cuda;
  info.index = index;

  std::array<char, 32> address{};
  BLUE_TRY(check_hal(cudaDeviceGetPCIBusId(address.data(), static_cast<int>(address.size()), index),
                     at(index, "asking for its PCI address")));
  info.pci_address = address.data();
  // sysfs writes these in lower case, CUDA in upper.
  std::transform(info.pci_address.begin(), info.pci_address.end(), info.pci_address.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });

  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  BLUE_TRY(check_hal(cudaMemGetInfo(&free_bytes, &total_bytes),
                     at(index, "asking for its free memory")));
  info.memory_free = Bytes{free_bytes};
  info.memory_total = Bytes{total_bytes};
  return info;
}

CudaStream::~CudaStream() { release(cudaStreamDestroy(stream_)); }

Status CudaStream::synchronize() {
  const cudaError_t code = cudaStreamSynchronize(stream_);
  if (code == cudaSuccess) return {};
  return hal_error(code, at(index_, "waiting for a stream"));
}

Status CudaStream::record(hal::Event& event) {
  const cudaError_t code = cudaEventRecord(CudaEvent::handle_of(event), stream_);
  if (code == cudaSuccess) return {};
  return hal_error(code, at(index_, "recording an event"));
}

Status CudaStream::wait_for(hal::Event& event) {
  const cudaError_t code = cudaStreamWaitEvent(stream_, CudaEvent::handle_of(event), 0);
  if (code == cudaSuccess) return {};
  return hal_error(code, at(index_, "making a stream wait for an event"));
}

cudaStream_t CudaStream::handle_of(hal::Stream& stream) {
  auto* ours = dynamic_cast<CudaStream*>(&stream);
  BLUE_CHECK(ours != nullptr, "the stream belongs to another kind of device");
  return ours->handle();
}

Result<std::unique_ptr<CudaDevice>> CudaDevice::open(int index) {
  BLUE_TRY_ASSIGN(hal::DeviceInfo info, describe_device(index));
  return std::unique_ptr<CudaDevice>(new CudaDevice(std::move(info)));
}

Status CudaDevice::bind() const {
  const cudaError_t code = cudaSetDevice(info_.index);
  if (code == cudaSuccess) return {};
  return hal_error(code, at(info_.index, "choosing the device"));
}

Result<std::unique_ptr<hal::Arena>> CudaDevice::allocate(Bytes size) {
  BLUE_TRY(bind());
  void* base = nullptr;
  // cudaMalloc(0) gives a null address; an arena always has one.
  const cudaError_t code = cudaMalloc(&base, std::max<std::uint64_t>(size.count, 1));
  if (code != cudaSuccess)
    return hal_error(code, at(info_.index, "allocating " + to_text(size) + " of device memory"));
  return std::unique_ptr<hal::Arena>(
      std::make_unique<CudaArena>(static_cast<std::byte*>(base), size));
}

Result<std::unique_ptr<hal::Stream>> CudaDevice::open_stream() {
  BLUE_TRY(bind());
  cudaStream_t stream = nullptr;
  BLUE_TRY(check_hal(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking),
                     at(info_.index, "opening a stream")));
  return std::unique_ptr<hal::Stream>(std::make_unique<CudaStream>(stream, info_.index));
}

Result<std::unique_ptr<hal::Event>> CudaDevice::open_event() {
  BLUE_TRY(bind());
  cudaEvent_t event = nullptr;
  BLUE_TRY(check_hal(cudaEventCreateWithFlags(&event, cudaEventDisableTiming),
                     at(info_.index, "opening an event")));
  return std::unique_ptr<hal::Event>(std::make_unique<CudaEvent>(event, info_.index));
}

Result<std::unique_ptr<hal::HostRegistration>> CudaDevice::register_host(ByteSpan range) {
  BLUE_TRY(bind());
  const unsigned flags = cudaHostRegisterPortable | cudaHostRegisterMapped;
  const cudaError_t code = cudaHostRegister(range.data(), range.size(), flags);
  if (code != cudaSuccess) return registration_error(code, info_.index, Bytes{range.size()});
  void* device = nullptr;
  const cudaError_t mapped = cudaHostGetDevicePointer(&device, range.data(), 0);
  if (mapped != cudaSuccess) {
    release(cudaHostUnregister(range.data()));
    return registration_error(mapped, info_.index, Bytes{range.size()});
  }
  return std::unique_ptr<hal::HostRegistration>(
      std::make_unique<CudaHostRegistration>(range.data(), static_cast<std::byte*>(device)));
}

Status CudaDevice::copy(void* to, const void* from, Bytes size, cudaMemcpyKind kind,
                        hal::Stream& stream) const {
  BLUE_TRY(bind());
  const cudaError_t code =
      cudaMemcpyAsync(to, from, size.count, kind, CudaStream::handle_of(stream));
  if (code == cudaSuccess) return {};
  return hal_error(code, at(info_.index, "enqueueing a copy of " + to_text(size)));
}

Status CudaDevice::copy_to_device(std::byte* device, const std::byte* host, Bytes size,
                                  hal::Stream& stream) {
  return copy(device, host, size, cudaMemcpyHostToDevice, stream);
}

Status CudaDevice::copy_to_host(std::byte* host, const std::byte* device, Bytes size,
                                hal::Stream& stream) {
  return copy(host, device, size, cudaMemcpyDeviceToHost, stream);
}

Status CudaDevice::copy_within(std::byte* to, const std::byte* from, Bytes size,
                               hal::Stream& stream) {
  return copy(to, from, size, cudaMemcpyDeviceToDevice, stream);
}

}  // namespace blue::kernels::cuda
