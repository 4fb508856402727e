// The CUDA backend: launches ops by the generated table of kernels/cuda/ops.
#include "kernels/backend.h"

#include <cuda_runtime_api.h>

#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/cuda_device.h"
#include "kernels/cuda/cuda_error.h"
#include "kernels/cuda/cuda_op.h"
#include "kernels/cuda/format_table.h"
#include "kernels/format_folder.h"
#include "kernels/op_traits.h"

namespace blue::kernels {

namespace cuda {

namespace {

/// What is needed per weight in a step, looked up once: a format and its kernels here.
struct KnownFormat {
  const Format* format;
  const FormatKernels* kernels;
};

std::vector<KnownFormat> known_formats() {
  std::vector<KnownFormat> known;
  for (const Format* format : registered_formats()) {
    const FormatKernels* kernels = format_kernels(folder_of(*format));
    if (kernels == nullptr) continue;
    BLUE_CHECK(kernels->format_name == format->name,
               "a format's folder is not its name in lower case");
    known.push_back({format, kernels});
  }
  return known;
}

/// Null where no kernel computes the op.
const CudaOp* find_op(const Op& op) { return cuda_ops()[static_cast<std::size_t>(op.kind)]; }

Error no_kernels(const Op& op, const Format* format) {
  return {KernelsError::unsupported_format,
          "cuda: " + describe(op, format) +
              ": no CUDA kernel for this format; take another backend or file"};
}

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(std::unique_ptr<CudaDevice> device)
      : device_(std::move(device)), formats_(known_formats()) {}

  [[nodiscard]] std::string_view name() const override { return "cuda"; }
  [[nodiscard]] hal::Device& device() override { return *device_; }

  [[nodiscard]] Status supports(const Op& op, const Format* format) const override {
    BLUE_TRY(check_shape(op, format));
    const CudaOp* cuda_op = find_op(op);
    const std::string_view missing =
        cuda_op == nullptr || cuda_op->missing == nullptr ? "" : cuda_op->missing(op);
    if (cuda_op == nullptr || !missing.empty()) {
      std::string message = "the cuda backend has no kernel for " + describe(op, format);
      if (!missing.empty()) message += " with " + std::string(missing);
      return Error(KernelsError::unsupported_shape, message + "; take --device cpu");
    }
    if (cuda_op->format_launch != nullptr && kernels_of(format) == nullptr)
      return no_kernels(op, format);
    return {};
  }

  /// None: every op works in registers and shared memory.
  [[nodiscard]] Bytes workspace_bytes(std::span<const Op>, std::uint32_t) const override {
    return {};
  }

  [[nodiscard]] Status enqueue(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                               hal::Stream& stream) override {
    check_operands(op, bindings);
    Launch launch = launch_of(op, bindings);
    if (launch == nullptr) return no_kernels(op, nullptr);
    BLUE_TRY(device_->bind());
    launch(op, bindings, inputs, CudaStream::handle_of(stream));
    const cudaError_t code = cudaGetLastError();
    if (code == cudaSuccess) return {};
    return Error(KernelsError::device_failed,
                 device_->info().name + ": launching " + describe(op, nullptr) + " over " +
                     std::to_string(n_rows(op, inputs)) + " rows: " + to_text(code));
  }

 private:
  static void check_operands(const Op& op, const Bindings& bindings) {
    const std::size_t n_activations = bindings.activations.size();
    for (const Operand operand : {op.out, op.in, op.in2}) {
      BLUE_CHECK(operand == kNoOperand || operand < n_activations,
                 "an op names an activation that is not bound");
    }
    BLUE_CHECK(op.weight == kNoOperand || op.weight < bindings.weights.size(),
               "an op names a weight that is not bound");
  }

  [[nodiscard]] const FormatKernels* kernels_of(const Format* format) const {
    for (const KnownFormat& known : formats_) {
      if (known.format == format) return known.kernels;
    }
    return nullptr;
  }

  /// Null when supports() refuses the op.
  [[nodiscard]] Launch launch_of(const Op& op, const Bindings& bindings) const {
    const CudaOp* cuda_op = find_op(op);
    if (cuda_op == nullptr) return nullptr;
    if (cuda_op->format_launch == nullptr) return cuda_op->launch;
    const FormatKernels* kernels = kernels_of(bindings.weights[op.weight].format);
    return kernels == nullptr ? nullptr : cuda_op->format_launch(*kernels);
  }

  std::unique_ptr<CudaDevice> device_;
  std::vector<KnownFormat> formats_;
};

/// Loads every kernel onto the current GPU, so that no enqueue does.
Status load_all(const hal::DeviceInfo& device) {
  bool is_loaded = true;
  for (const CudaOp* op : cuda_ops()) {
    if (op != nullptr && op->load != nullptr) is_loaded = is_loaded && op->load();
  }
  for (const KnownFormat& known : known_formats()) is_loaded = is_loaded && known.kernels->load();
  if (is_loaded) return {};
  return hal_error(cudaGetLastError(), device.name + ": loading the kernels");
}

Result<std::unique_ptr<Backend>> open_backend(const BackendOptions& options) {
  BLUE_TRY_ASSIGN(std::unique_ptr<CudaDevice> device, CudaDevice::open(options.device_index));
  BLUE_TRY(device->bind());
  BLUE_TRY(load_all(device->info()));
  return std::unique_ptr<Backend>(std::make_unique<CudaBackend>(std::move(device)));
}

}  // namespace

}  // namespace cuda

const BackendEntry& backend_cuda() {
  static constexpr BackendEntry kEntry{"cuda", 100, &cuda::probe_devices, &cuda::open_backend};
  return kEntry;
}

}  // namespace blue::kernels
