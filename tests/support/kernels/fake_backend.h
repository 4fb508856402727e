// A backend that computes on a fake device: the reference kernels over the fake device's memory,
// behind everything that its stream was given before. So a machine without a GPU runs a model on
// three tiers.
// Depends on kernels/backend.h, tests/support/memory/fake_device.h. Threads: as a backend.
#pragma once

#include <memory>
#include <utility>

#include "kernels/backend.h"
#include "tests/support/memory/fake_device.h"

namespace blue::test {

class FakeBackend final : public kernels::Backend {
 public:
  FakeBackend()
      : reference_(
            std::move(kernels::choose_backend("reference").value().entry->open({})).value()) {}

  std::string_view name() const override { return "fake"; }
  hal::Device& device() override { return device_; }
  memory::test::FakeDevice& fake() { return device_; }
  Status supports(const kernels::Op& op, const kernels::Format* format) const override {
    return reference_->supports(op, format);
  }
  Status supports_cache(kernels::KvType type) const override {
    return reference_->supports_cache(type);
  }
  Bytes workspace_bytes(std::span<const kernels::Op> ops, std::uint32_t max_tokens) const override {
    return reference_->workspace_bytes(ops, max_tokens);
  }
  Status enqueue(const kernels::Op& op, const kernels::Bindings& bindings,
                 const kernels::StepInputs& inputs, hal::Stream& stream) override {
    BLUE_TRY(stream.synchronize());
    return reference_->enqueue(op, bindings, inputs, stream);
  }

 private:
  memory::test::FakeDevice device_;
  std::unique_ptr<kernels::Backend> reference_;
};

}  // namespace blue::test
