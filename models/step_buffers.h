// StepBuffers: the memory one executor's steps run in: inputs (host side and device side),
// activations, logits on the host. Taken once. The inputs of a step travel as one copy, so that a
// captured step holds one node for them. Depends on base, hal, kernels, models/program.h. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "hal/device.h"
#include "kernels/op.h"
#include "models/program.h"

namespace blue::models {

class StepBuffers {
 public:
  /// `page_table_stride` in pages per sequence. Errors: out_of_memory, device_failed.
  static Result<std::unique_ptr<StepBuffers>> create(const Program& program, hal::Device& device,
                                                     std::uint32_t max_tokens,
                                                     std::uint32_t max_sequences,
                                                     std::uint32_t page_table_stride,
                                                     Bytes workspace);

  /// Host side of the inputs, to be filled before upload().
  [[nodiscard]] std::span<std::int32_t> token_ids() { return part(0); }
  [[nodiscard]] std::span<std::int32_t> positions() { return part(1); }
  [[nodiscard]] std::span<std::int32_t> sequences() { return part(2); }
  [[nodiscard]] std::span<std::int32_t> output_rows() { return part(3); }
  [[nodiscard]] std::span<std::int32_t> page_row(std::uint32_t sequence);

  /// Enqueues the copy of all inputs to the device.
  [[nodiscard]] Status upload(hal::Stream& stream);
  /// Enqueues the copy of the first n_outputs rows of logits to the host.
  [[nodiscard]] Status download_logits(std::uint32_t n_outputs, hal::Stream& stream);

  /// What kernels read, for a step of this shape.
  [[nodiscard]] kernels::StepInputs inputs(std::uint32_t n_tokens, std::uint32_t n_outputs) const;
  [[nodiscard]] std::span<float* const> activations() const { return activations_; }
  [[nodiscard]] std::byte* workspace() const { return workspace_; }
  [[nodiscard]] std::span<const float> logits(std::uint32_t n_outputs) const;

 private:
  StepBuffers(hal::Device& device, std::uint32_t max_tokens, std::uint32_t max_sequences,
              std::uint32_t page_table_stride)
      : device_(device),
        max_tokens_(max_tokens),
        max_sequences_(max_sequences),
        page_table_stride_(page_table_stride) {}

  static constexpr std::size_t kTokenParts = 4;
  [[nodiscard]] std::span<std::int32_t> part(std::size_t index) {
    return std::span(host_inputs_).subspan(index * max_tokens_, max_tokens_);
  }
  [[nodiscard]] Status lay_out(const Program& program, Bytes workspace);

  hal::Device& device_;
  std::uint32_t max_tokens_;
  std::uint32_t max_sequences_;
  std::uint32_t page_table_stride_;
  std::uint32_t n_vocab_ = 0;
  std::vector<std::int32_t> host_inputs_;  ///< four parts of max_tokens, then the page table
  std::vector<float> host_logits_;         ///< [max_tokens, n_vocab]
  std::unique_ptr<hal::HostRegistration> inputs_lock_;
  std::unique_ptr<hal::HostRegistration> logits_lock_;
  std::unique_ptr<hal::Arena> arena_;  ///< inputs, activations, workspace
  std::int32_t* device_inputs_ = nullptr;
  std::vector<float*> activations_;
  float* device_logits_ = nullptr;
  std::byte* workspace_ = nullptr;
};

}  // namespace blue::models
