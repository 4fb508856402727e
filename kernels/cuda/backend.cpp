// The CUDA backend: a table from op kinds to launches, and what each op must look like to be taken.
#include "kernels/backend.h"

#include <cuda_runtime_api.h>

#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/cuda_device.h"
#include "kernels/cuda/cuda_error.h"
#include "kernels/cuda/format_table.h"
#include "kernels/cuda/op_kernels.h"
#include "kernels/op_shape.h"

namespace blue::kernels {

namespace cuda {

namespace {

/// Blocks along a grid's second dimension, where attention puts the heads.
constexpr std::uint32_t kMaxGridRows = 65535;

/// The generated table knows formats by their folder: the format's name in lower case.
std::string folder_of(const Format& format) {
  std::string folder(format.name);
  for (char& c : folder) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folder;
}

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

bool has_format(OpKind kind) { return kind == OpKind::embed || kind == OpKind::linear; }

Error no_kernels(const Op& op, const Format* format) {
  return {KernelsError::unsupported_format,
          "cuda: " + describe(op, format) +
              ": no CUDA kernel for this format; take another backend or file"};
}

/// Ops and attributes that programs may hold and no kernel here computes.
bool has_kernel(const Op& op) {
  switch (op.kind) {
    case OpKind::add_bias:
    case OpKind::route:
    case OpKind::expert_linear:
    case OpKind::expert_sum:
    case OpKind::head_linear:
    case OpKind::attention_latent:
    case OpKind::index_topk:
    case OpKind::layer_norm:
    case OpKind::hadamard: return false;
    case OpKind::rms_norm: return op.head_dim <= op.cols;
    case OpKind::kv_append: return op.in2 != kNoOperand && op.value_dim == 0;
    case OpKind::rope:
      return op.weight == kNoOperand && op.rotary_offset == 0 && op.rope_magnitude == 1.0F &&
             op.yarn_mix == 0.0F;
    default: return true;
  }
}

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(std::unique_ptr<CudaDevice> device)
      : device_(std::move(device)), formats_(known_formats()) {}

  [[nodiscard]] std::string_view name() const override { return "cuda"; }
  [[nodiscard]] hal::Device& device() override { return *device_; }

  [[nodiscard]] Status supports(const Op& op, const Format* format) const override {
    BLUE_TRY(check_shape(op, format));
    if (!has_kernel(op)) {
      return Error(
          KernelsError::unsupported_shape,
          "the cuda backend has no kernel for " + describe(op, format) + "; take --device cpu");
    }
    if (has_format(op.kind) && kernels_of(format) == nullptr) return no_kernels(op, format);
    if (op.kind == OpKind::attention && op.n_heads > kMaxGridRows) {
      return Error(KernelsError::unsupported_shape, "cuda: " + describe(op, format) +
                                                        ": n_heads must not exceed " +
                                                        std::to_string(kMaxGridRows));
    }
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
    if (launch == nullptr) return no_kernels(op, bindings.weights[op.weight].format);
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

  /// Null only when the weight's format has no kernels here.
  [[nodiscard]] Launch launch_of(const Op& op, const Bindings& bindings) const {
    switch (op.kind) {
      case OpKind::embed:
      case OpKind::linear: {
        const FormatKernels* kernels = kernels_of(bindings.weights[op.weight].format);
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
      case OpKind::add_bias:
      case OpKind::route:
      case OpKind::expert_linear:
      case OpKind::expert_sum:
      case OpKind::head_linear:
      case OpKind::attention_latent:
      case OpKind::index_topk:
      case OpKind::layer_norm:
      case OpKind::hadamard: break;  // supports() refuses them
    }
    return nullptr;
  }

  std::unique_ptr<CudaDevice> device_;
  std::vector<KnownFormat> formats_;
};

/// Every kernel of the room onto the current GPU, so that no enqueue loads one.
Status load_all(const hal::DeviceInfo& device) {
  bool is_loaded = load_rms_norm() && load_rope() && load_kv_append() && load_attention() &&
                   load_silu_mul() && load_add() && load_gather_rows();
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
