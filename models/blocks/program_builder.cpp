#include "models/blocks/program_builder.h"

#include <algorithm>
#include <utility>

namespace blue::models {

namespace {

std::string shape_text(std::uint64_t rows, std::uint64_t cols) {
  return "[" + std::to_string(rows) + ", " + std::to_string(cols) + "]";
}

/// Takes room for `size` bytes of the file at the end of the block; where in it.
std::uint64_t take_room(BlockPlan& block, const TensorInfo& info, std::uint64_t first_byte,
                        std::uint64_t size) {
  const std::uint64_t offset = round_up(block.size.count, memory::kTensorAlignment);
  block.extents.push_back({info.file, info.file_offset + first_byte, offset, size});
  block.size = {offset + size};
  return offset;
}

}  // namespace

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

void ProgramBuilder::leave_out(std::string prefix, std::string why) {
  left_out_.push_back(std::move(prefix));
  program_.notes.push_back(std::move(why));
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

const TensorInfo* ProgramBuilder::checked_tensor(const std::string& tensor, std::uint64_t rows,
                                                 std::uint64_t cols) {
  const TensorInfo* info = file_.find_tensor(tensor);
  if (info == nullptr) {
    fail(ModelsError::missing_tensor, "needs the tensor " + tensor + " " + shape_text(rows, cols));
    return nullptr;
  }
  const std::uint64_t own_rows = info->dims[1] * info->dims[2] * info->dims[3];
  if (info->dims[0] != cols || own_rows != rows) {
    fail(ModelsError::bad_shape, "tensor " + tensor + " is " + shape_text(own_rows, info->dims[0]) +
                                     ", must be " + shape_text(rows, cols));
    return nullptr;
  }
  const kernels::Format* format = kernels::find_format(info->type);
  if (format == nullptr || cols % format->values_per_block != 0) {
    fail(ModelsError::unsupported_format,
         "tensor " + tensor + " is stored in type " + std::to_string(info->type) +
             ", which this build cannot read with rows of " + std::to_string(cols));
    return nullptr;
  }
  return info;
}

kernels::Operand ProgramBuilder::place(const TensorInfo& info, const std::string& tensor,
                                       std::uint64_t rows, std::uint64_t cols) {
  BLUE_CHECK(current_block_ != kNoBlock, "a weight needs a block");
  const kernels::Format* format = kernels::find_format(info.type);
  const std::uint64_t offset =
      take_room(program_.blocks[current_block_], info, 0, format->row_bytes(cols) * rows);
  const auto operand = static_cast<kernels::Operand>(program_.weights.size());
  program_.weights.push_back({current_block_, offset, format, rows, cols, tensor});
  operands_by_tensor_.insert_or_assign(tensor, operand);
  return operand;
}

kernels::Operand ProgramBuilder::weight(const std::string& tensor, std::uint64_t rows,
                                        std::uint64_t cols) {
  if (const auto known = operands_by_tensor_.find(tensor); known != operands_by_tensor_.end())
    return known->second;
  const TensorInfo* info = checked_tensor(tensor, rows, cols);
  return info == nullptr ? kernels::Operand{0} : place(*info, tensor, rows, cols);
}

kernels::Operand ProgramBuilder::copied_weight(const std::string& tensor, std::uint64_t rows,
                                               std::uint64_t cols) {
  const auto known = operands_by_tensor_.find(tensor);
  if (known != operands_by_tensor_.end() && program_.weights[known->second].block == current_block_)
    return known->second;
  const TensorInfo* info = checked_tensor(tensor, rows, cols);
  return info == nullptr ? kernels::Operand{0} : place(*info, tensor, rows, cols);
}

kernels::Operand ProgramBuilder::expert_weight(const std::string& tensor, std::uint64_t rows,
                                               std::uint64_t cols) {
  const std::uint32_t n_experts = hyper().n_experts;
  const TensorInfo* info = checked_tensor(tensor, rows * n_experts, cols);
  if (info == nullptr || error_) return 0;
  const kernels::Format* format = kernels::find_format(info->type);
  const std::uint64_t size = format->row_bytes(cols) * rows;
  std::uint64_t offset = 0;
  for (std::uint32_t e = 0; e < n_experts; ++e)
    offset = take_room(program_.blocks[expert_block_ + e], *info, e * size, size);
  const auto operand = static_cast<kernels::Operand>(program_.weights.size());
  program_.weights.push_back({expert_block_, offset, format, rows, cols, tensor, n_experts});
  operands_by_tensor_.emplace(tensor, operand);
  return operand;
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
    if (operands_by_tensor_.contains(tensor.name) || is_left_out(tensor.name)) continue;
    // Leaving a bias or an adapter out would give wrong logits in silence.
    return Error(ModelsError::unknown_architecture,
                 file_.path() + ": tensor " + tensor.name + " is not part of architecture " +
                     hyper().architecture + " as this build knows it");
  }
  return std::move(program_);
}

}  // namespace blue::models
