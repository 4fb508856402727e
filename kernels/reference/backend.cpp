// The reference backend: the scalar oracle on the CPU device. Its streams run in the caller, so an
// op has finished when enqueue returns. Depends on kernels/reference/ops.h and hal's CPU device.
#include "kernels/backend.h"

#include <utility>

#include "hal/cpu_device.h"
#include "kernels/op_shape.h"
#include "kernels/reference/ops.h"

namespace blue::kernels {
namespace {

class ReferenceBackend final : public Backend {
 public:
  explicit ReferenceBackend(std::unique_ptr<hal::Device> device) : device_(std::move(device)) {}

  std::string_view name() const override { return "reference"; }
  hal::Device& device() override { return *device_; }
  Status supports(const Op& op, const Format* format) const override {
    return check_shape(op, format);
  }
  Status supports_cache(KvType) const override { return {}; }
  Bytes workspace_bytes(std::span<const Op>, std::uint32_t) const override { return {}; }

  Status enqueue(const Op& op, const Bindings& bindings, const StepInputs& inputs,
                 hal::Stream&) override {
    switch (op.kind) {
      case OpKind::embed: reference::embed(op, bindings, inputs); break;
      case OpKind::rms_norm: reference::rms_norm(op, bindings, inputs); break;
      case OpKind::linear: reference::linear(op, bindings, inputs); break;
      case OpKind::rope: reference::rope(op, bindings, inputs); break;
      case OpKind::kv_append: reference::kv_append(op, bindings, inputs); break;
      case OpKind::attention: reference::attention(op, bindings, inputs); break;
      case OpKind::silu_mul: reference::silu_mul(op, bindings, inputs); break;
      case OpKind::add: reference::add(op, bindings, inputs); break;
      case OpKind::gather_rows: reference::gather_rows(op, bindings, inputs); break;
      case OpKind::add_bias: reference::add_bias(op, bindings, inputs); break;
      case OpKind::route: reference::route(op, bindings, inputs); break;
      case OpKind::expert_linear: reference::expert_linear(op, bindings, inputs); break;
      case OpKind::expert_sum: reference::expert_sum(op, bindings, inputs); break;
      case OpKind::head_linear: reference::head_linear(op, bindings, inputs); break;
      case OpKind::attention_latent: reference::attention_latent(op, bindings, inputs); break;
      case OpKind::index_topk: reference::index_topk(op, bindings, inputs); break;
      case OpKind::layer_norm: reference::layer_norm(op, bindings, inputs); break;
      case OpKind::hadamard: reference::hadamard(op, bindings, inputs); break;
    }
    return {};
  }

 private:
  std::unique_ptr<hal::Device> device_;
};

std::vector<hal::DeviceInfo> probe() {
  Result<std::unique_ptr<hal::Device>> device = hal::open_cpu_device();
  if (!device) return {};
  return {device.value()->info()};
}

Result<std::unique_ptr<Backend>> open(const BackendOptions&) {
  BLUE_TRY_ASSIGN(std::unique_ptr<hal::Device> device, hal::open_cpu_device());
  return std::unique_ptr<Backend>(std::make_unique<ReferenceBackend>(std::move(device)));
}

}  // namespace

const BackendEntry& backend_reference() {
  static constexpr BackendEntry kEntry{
      .name = "reference", .preference = 0, .probe = probe, .open = open};
  return kEntry;
}

}  // namespace blue::kernels
