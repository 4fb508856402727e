// The reference backend: the scalar oracle on the CPU device. Its streams run in the caller, so an
// op has finished when enqueue returns. Depends on kernels/reference/reference_op.h and hal's CPU
// device.
#include "kernels/backend.h"

#include <utility>

#include "hal/cpu_device.h"
#include "kernels/op_traits.h"
#include "kernels/reference/reference_op.h"

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
    ops_[static_cast<std::size_t>(op.kind)]->run(op, bindings, inputs);
    return {};
  }

 private:
  std::unique_ptr<hal::Device> device_;
  std::span<const reference::ReferenceOp* const> ops_ = reference::reference_ops();
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
