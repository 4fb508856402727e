// The CUDA backend: a table from op kinds to launches, and what each op must look like to be taken.
#include "kernels/backend.h"

#include <cuda_runtime_api.h>

#include <string>
#include <utility>

#include "kernels/cuda/cuda_device.h"
#include "kernels/cuda/cuda_error.h"
#include "kernels/cuda/format_kernels.h"
#include "kernels/cuda/op_kernels.h"
#include "kernels/op_shape.h"

namespace blue::kernels {

namespace cuda {

namespace {

/// Blocks along a grid's second dimension, where attention puts the heads.
constexpr std::uint32_t kMaxGridRows = 65535;

bool has_format(OpKind kind) { return kind == OpKind::embed || kind == OpKind::linear; }

Error no_kernels(const Op& op, const Format* format) {
  return {KernelsError::unsupported_format,
          "cuda: " + describe(op, format) + ": no CUDA kernel for this format; take another backend or file"};
}

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(std::unique_ptr<CudaDevice> device) : device_(std::move(device)) {}

  [[nodiscard]] std::string_view name() const override { return "cuda"; }
  [[nodiscard]] hal::Device& device() override { return *device_; }

  [[nodiscard]] Status supports(const Op& op, const Format* format) const override {
    BLUE_TRY(check_shape(op, format));
    if (has_format(op.kind) && format_kernels(format->name) == nullptr) return no_kernels(op, format);
    if (op.kind == OpKind::attention && op.n_heads > kMaxGridRows) {
      return Error(
          KernelsError::unsupported_shape,
          "cuda: " + describe(op, format) + ": n_heads must not exceed " + std::to_string(kMaxGridRows));
    }
    return {};
  }

  /// None: every op works in registers and shared memory.
  [[nodiscard]] Bytes workspace_bytes(std::span<const Op>, std::uint32_t) const override { return {}; }

  [[nodiscard]] Status enqueue(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                               hal::Stream& stream) override {
    check_slots(op, bindings);
    Launch launch = launch_of(op, bindings);
    if (launch == nullptr) return no_kernels(op, bindings.weights[op.weight].format);
    BLUE_TRY(device_->bind());
    launch(op, bindings, inputs, CudaStream::handle_of(stream));
    const cudaError_t code = cudaGetLastError();
    if (code == cudaSuccess) return {};
    return Error(KernelsError::device_failed, device_->info().name + ": launching " + describe(op, nullptr) +
                                                  " over " + std::to_string(n_rows(op, inputs)) +
                                                  " rows: " + to_text(code));
  }

 private:
  static void check_slots(const Op& op, const Bindings& bindings) {
    const std::size_t n_activations = bindings.activations.size();
    for (const Slot slot : {op.out, op.in, op.in2}) {
      BLUE_CHECK(slot == kNoSlot || slot < n_activations, "an op names an activation that is not bound");
    }
    BLUE_CHECK(op.weight == kNoSlot || op.weight < bindings.weights.size(),
               "an op names a weight that is not bound");
  }

  /// Null only when the weight's format has no kernels here.
  static Launch launch_of(const Op& op, const Bindings& bindings) {
    switch (op.kind) {
      case OpKind::embed:
      case OpKind::linear: {
        const FormatKernels* kernels = format_kernels(bindings.weights[op.weight].format->name);
        if (kernels == nullptr) return nullptr;
        return op.kind == OpKind::embed ? kernels->embed : kernels->linear;
      }
      case OpKind::rms_norm: return &launch_rms_norm;
      case OpKind::rope: return &launch_rope;
      case OpKind::kv_append: return &launch_kv_append;
      case OpKind::attention: return &launch_attention;
      case OpKind::silu_mul: return &launch_silu_mul;
      case OpKind::add: return &launch_add;
      case OpKind::gather_rows: return &launch_gather_rows;
    }
    return nullptr;
  }

  std::unique_ptr<CudaDevice> device_;
};

Result<std::unique_ptr<Backend>> open_backend(const BackendOptions& options) {
  BLUE_TRY_ASSIGN(std::unique_ptr<CudaDevice> device, CudaDevice::open(options.device_index));
  return std::unique_ptr<Backend>(std::make_unique<CudaBackend>(std::move(device)));
}

}  // namespace

}  // namespace cuda

const BackendEntry& backend_cuda() {
  static constexpr BackendEntry kEntry{"cuda", 100, &cuda::probe_devices, &cuda::open_backend};
  return kEntry;
}

}  // namespace blue::kernels
