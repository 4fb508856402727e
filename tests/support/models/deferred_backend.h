// A backend on the fake device: its ops run only when a thread waits for their stream, as a GPU's
// may, with the reference backend's arithmetic. An op reads the bytes of that moment, so a
// lease that ends too early, or a table that is bound too early, gives wrong logits. Fails the n-th
// op on demand.
// Depends on kernels/backend.h and tests/support/memory/fake_device.h. Threads: one.
#pragma once

#include <memory>
#include <vector>

#include "kernels/backend.h"
#include "kernels/kernels_error.h"
#include "tests/support/memory/fake_device.h"

namespace blue::models::testing {

class DeferredBackend final : public kernels::Backend {
 public:
  DeferredBackend() : arithmetic_(kernels::choose_backend("reference")->entry->open({}).value()) {}

  memory::test::FakeDevice fake;
  std::uint64_t n_ops = 0;
  std::uint64_t failing_op = ~std::uint64_t{0};  ///< the op with this number is refused

  std::string_view name() const override { return "deferred"; }
  hal::Device& device() override { return fake; }
  Status supports(const kernels::Op& op, const kernels::Format* format) const override {
    return arithmetic_->supports(op, format);
  }
  Status supports_cache(kernels::KvType) const override { return {}; }
  Bytes workspace_bytes(std::span<const kernels::Op>, std::uint32_t) const override { return {}; }

  Status enqueue(const kernels::Op& op, const kernels::Bindings& bindings,
                 const kernels::StepInputs& inputs, hal::Stream& stream) override {
    if (n_ops++ == failing_op)
      return Error(kernels::KernelsError::device_failed, "fake: this op fails");
    // Addresses are taken now, as a launch takes its arguments; bytes are read later.
    const std::vector<kernels::WeightView> weights(bindings.weights.begin(),
                                                   bindings.weights.end());
    static_cast<memory::test::FakeStream&>(stream).enqueue(
        [this, op, weights, activations = bindings.activations, kv = bindings.kv, inputs, &stream] {
          const kernels::Bindings bound{weights, activations, kv, nullptr};
          (void)arithmetic_->enqueue(op, bound, inputs, stream).ok();
        });
    return {};
  }

 private:
  std::unique_ptr<kernels::Backend> arithmetic_;
};

}  // namespace blue::models::testing
