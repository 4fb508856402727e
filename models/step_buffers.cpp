#include "models/step_buffers.h"

namespace blue::models {

namespace {

/// Every device buffer starts at a multiple of this.
constexpr std::uint64_t kAlignment = 256;

}  // namespace

Result<std::unique_ptr<StepBuffers>> StepBuffers::create(
    const Program& program, hal::Device& device, std::uint32_t max_tokens,
    std::uint32_t max_sequences, std::uint32_t page_table_stride, Bytes workspace) {
  std::unique_ptr<StepBuffers> buffers(
      new StepBuffers(device, max_tokens, max_sequences, page_table_stride));
  BLUE_TRY(buffers->lay_out(program, workspace));
  return buffers;
}

Status StepBuffers::lay_out(const Program& program, Bytes workspace) {
  n_vocab_ = program.hyper.n_vocab;
  host_inputs_.assign(kTokenParts * max_tokens_ + std::size_t{max_sequences_} * page_table_stride_,
                      0);
  host_logits_.assign(std::size_t{max_tokens_} * n_vocab_, 0.0F);
  const std::uint64_t inputs_bytes = host_inputs_.size() * sizeof(std::int32_t);

  std::vector<std::uint64_t> offsets;
  std::uint64_t total = round_up(inputs_bytes, kAlignment);
  for (const ActivationUse& use : program.activations) {
    offsets.push_back(total);
    total += round_up(std::uint64_t{use.width} * max_tokens_ * sizeof(float), kAlignment);
  }
  const std::uint64_t workspace_offset = total;
  total += round_up(workspace.count, kAlignment);

  BLUE_TRY_ASSIGN(arena_, device_.allocate({total}));
  device_inputs_ = reinterpret_cast<std::int32_t*>(arena_->base());
  for (const std::uint64_t offset : offsets)
    activations_.push_back(reinterpret_cast<float*>(arena_->base() + offset));
  device_logits_ = activations_.at(program.logits);
  workspace_ = arena_->base() + workspace_offset;

  BLUE_TRY_ASSIGN(inputs_lock_,
                  device_.register_host(std::as_writable_bytes(std::span(host_inputs_))));
  BLUE_TRY_ASSIGN(logits_lock_,
                  device_.register_host(std::as_writable_bytes(std::span(host_logits_))));
  return {};
}

std::span<std::int32_t> StepBuffers::page_row(std::uint32_t sequence) {
  BLUE_CHECK(sequence < max_sequences_);
  return std::span(host_inputs_)
      .subspan(kTokenParts * max_tokens_ + std::size_t{sequence} * page_table_stride_,
               page_table_stride_);
}

Status StepBuffers::upload(hal::Stream& stream) {
  const ConstByteSpan bytes = std::as_bytes(std::span(host_inputs_));
  return device_.copy_to_device(reinterpret_cast<std::byte*>(device_inputs_), bytes.data(),
                                {bytes.size()}, stream);
}

Status StepBuffers::download_logits(std::uint32_t n_outputs, hal::Stream& stream) {
  return device_.copy_to_host(reinterpret_cast<std::byte*>(host_logits_.data()),
                              reinterpret_cast<const std::byte*>(device_logits_),
                              {std::uint64_t{n_outputs} * n_vocab_ * sizeof(float)}, stream);
}

kernels::StepInputs StepBuffers::inputs(std::uint32_t n_tokens, std::uint32_t n_outputs) const {
  kernels::StepInputs inputs;
  inputs.token_ids = device_inputs_;
  inputs.positions = device_inputs_ + max_tokens_;
  inputs.sequences = device_inputs_ + std::size_t{2} * max_tokens_;
  inputs.output_rows = device_inputs_ + std::size_t{3} * max_tokens_;
  inputs.page_table = device_inputs_ + kTokenParts * max_tokens_;
  inputs.page_table_stride = page_table_stride_;
  inputs.n_tokens = n_tokens;
  inputs.n_outputs = n_outputs;
  return inputs;
}

std::span<const float> StepBuffers::logits(std::uint32_t n_outputs) const {
  return std::span(host_logits_).first(std::size_t{n_outputs} * n_vocab_);
}

}  // namespace blue::models
