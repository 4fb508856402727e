#include "models/blocks/program_builder.h"

#include <algorithm>
#include <utility>

#include "models/gguf/gguf_parser.h"
#include "models/models_error.h"

namespace blue::models {

namespace {}  // namespace

ProgramBuilder::ProgramBuilder(const GgufFile& file, CachedHeads cached)
    : file_(file), cached_(cached) {
  read_hyper_parameters();
  set_kv_widths(hyper().n_kv_heads * hyper().head_dim, hyper().n_kv_heads * hyper().head_dim);
  if (!error_) check_hyper_parameters();
  if (!error_) read_rope_scaling();
}

void ProgramBuilder::fail(ModelsError code, const std::string& message) {
  if (!error_) error_ = Error(code, file_.path() + ": " + message);
}

void ProgramBuilder::set_kv_widths(std::uint32_t k_width, std::uint32_t v_width) {
  program_.kv = {hyper().n_layers, k_width, v_width};
}

bool ProgramBuilder::is_left_out(const std::string& tensor) const {
  return std::ranges::any_of(left_out_,
                             [&](const std::string& prefix) { return tensor.starts_with(prefix); });
}

void ProgramBuilder::begin_block(memory::BlockKind kind, std::string name) {
  current_block_ = static_cast<std::uint32_t>(program_.blocks.size());
  program_.blocks.push_back({kind, std::move(name), {}, {}});
}

void ProgramBuilder::begin_expert_blocks() {
  BLUE_CHECK(current_block_ != kNoBlock, "experts belong to a layer");
  expert_block_ = static_cast<std::uint32_t>(program_.blocks.size());
  if (error_) return;
  const std::string prefix = program_.blocks[current_block_].name + ".expert.";
  for (std::uint32_t e = 0; e < hyper().n_experts; ++e)
    program_.blocks.push_back({memory::BlockKind::expert, prefix + std::to_string(e), {}, {}});
}

Result<Program> ProgramBuilder::finish(kernels::Operand logits) {
  if (error_) return *std::move(error_);
  constexpr std::size_t kMostSlots = kernels::kNoOperand;
  if (program_.weights.size() >= kMostSlots || program_.activations.size() >= kMostSlots) {
    return Error(ModelsError::bad_shape,
                 file_.path() + ": more than " + std::to_string(kMostSlots) + " tensors");
  }
  program_.logits = logits;
  for (const TensorInfo& tensor : file_.tensors()) {
    if (used_tensors_.contains(tensor.name) || is_left_out(tensor.name)) continue;
    // Leaving a bias or an adapter out would give wrong logits in silence.
    return Error(ModelsError::unknown_architecture,
                 file_.path() + ": tensor " + printable(tensor.name, kNameShown) +
                     " is not part of architecture " + hyper().architecture +
                     " as this build knows it");
  }
  return std::move(program_);
}

}  // namespace blue::models
