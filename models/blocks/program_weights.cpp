// ProgramBuilder's weights: tensors looked up, checked, and laid out in blocks, whole or in parts.
#include <algorithm>
#include <utility>

#include "models/blocks/program_builder.h"
#include "models/gguf/tensor_type.h"

namespace blue::models {

namespace {

constexpr std::uint32_t kF32Type = 0;  // its number in GGUF

std::string shape_text(std::uint64_t rows, std::uint64_t cols) {
  return "[" + std::to_string(rows) + ", " + std::to_string(cols) + "]";
}

std::string part_key(const std::string& tensor, std::uint64_t first) {
  return first == 0 ? tensor : tensor + "#" + std::to_string(first);
}

/// Takes room for `size` bytes of the file at the end of the block; where in it.
std::uint64_t take_room(BlockPlan& block, std::uint32_t file, std::uint64_t file_offset,
                        std::uint64_t size) {
  const std::uint64_t offset = round_up(block.size.count, memory::kTensorAlignment);
  block.extents.push_back({file, file_offset, offset, size});
  block.size = {offset + size};
  return offset;
}

}  // namespace

const TensorInfo* ProgramBuilder::checked_tensor(const std::string& tensor, std::uint64_t rows,
                                                 std::uint64_t cols) {
  const TensorInfo* info = file_.find_tensor(tensor);
  if (info == nullptr) {
    fail(ModelsError::missing_tensor, "needs the tensor " + tensor + " " + shape_text(rows, cols));
    return nullptr;
  }
  used_tensors_.insert(tensor);
  const std::uint64_t own_rows = info->dims[1] * info->dims[2] * info->dims[3];
  if (info->dims[0] != cols || own_rows != rows) {
    fail(ModelsError::bad_shape, "tensor " + tensor + " is " + shape_text(own_rows, info->dims[0]) +
                                     ", must be " + shape_text(rows, cols));
    return nullptr;
  }
  const kernels::Format* format = kernels::find_format(info->type);
  if (format == nullptr || cols % format->values_per_block != 0) {
    fail(ModelsError::unsupported_format,
         "tensor " + tensor + " is stored in " + tensor_type_text(info->type) +
             ", which this build cannot read with rows of " + std::to_string(cols));
    return nullptr;
  }
  return info;
}

const kernels::Operand* ProgramBuilder::known_operand(const std::string& key) const {
  const auto known = operands_.find(key);
  return known == operands_.end() ? nullptr : &known->second;
}

kernels::Operand ProgramBuilder::place(const Source& source, const std::string& key,
                                       std::uint64_t rows, std::uint64_t cols) {
  BLUE_CHECK(current_block_ != kNoBlock, "a weight needs a block");
  const std::uint64_t offset = take_room(program_.blocks[current_block_], source.file,
                                         source.offset, source.format->row_bytes(cols) * rows);
  const auto operand = static_cast<kernels::Operand>(program_.weights.size());
  program_.weights.push_back({current_block_, offset, source.format, rows, cols, key});
  operands_.insert_or_assign(key, operand);
  return operand;
}

kernels::Operand ProgramBuilder::weight(const std::string& tensor, std::uint64_t rows,
                                        std::uint64_t cols) {
  return weight_rows(tensor, rows, 0, rows, cols);
}

kernels::Operand ProgramBuilder::weight_rows(const std::string& tensor, std::uint64_t n_rows,
                                             std::uint64_t first_row, std::uint64_t rows,
                                             std::uint64_t cols) {
  const std::string key = part_key(tensor, first_row);
  if (const kernels::Operand* known = known_operand(key)) return *known;
  const TensorInfo* info = checked_tensor(tensor, n_rows, cols);
  if (info == nullptr) return 0;
  const kernels::Format* format = kernels::find_format(info->type);
  return place({info->file, info->file_offset + format->row_bytes(cols) * first_row, format}, key,
               rows, cols);
}

ProgramBuilder::Source ProgramBuilder::convert(Conversion conversion) {
  converted_bytes_ = round_up(converted_bytes_, memory::kTensorAlignment);
  conversion.converted_offset = converted_bytes_;
  converted_bytes_ += conversion.size();
  const Source source{static_cast<std::uint32_t>(file_.parts().size()), conversion.converted_offset,
                      conversion.form == Conversion::Form::copied ? conversion.format
                                                                  : kernels::find_format(kF32Type)};
  program_.conversions.push_back(std::move(conversion));
  return source;
}

kernels::Operand ProgramBuilder::head_slice(const std::string& tensor, const HeadRows& slice,
                                            std::uint64_t cols, Conversion::Form form) {
  const TensorInfo* info = checked_tensor(tensor, slice.n_heads * slice.head_rows, cols);
  if (info == nullptr) return 0;
  const Source source = convert({.form = form,
                                 .tensor = tensor,
                                 .file = info->file,
                                 .file_offset = info->file_offset,
                                 .format = kernels::find_format(info->type),
                                 .n_heads = slice.n_heads,
                                 .head_rows = slice.head_rows,
                                 .first_row = slice.first_row,
                                 .rows = slice.rows,
                                 .cols = cols});
  const bool is_transposed = form == Conversion::Form::transposed;
  return place(source, tensor + "#heads" + std::to_string(slice.first_row),
               slice.n_heads * (is_transposed ? cols : slice.rows),
               is_transposed ? slice.rows : cols);
}

ProgramBuilder::Source ProgramBuilder::vector_source(const TensorInfo& info, std::uint64_t first) {
  Source source{info.file, info.file_offset, kernels::find_format(info.type)};
  if (info.type != kF32Type) {
    const auto known = widened_.find(info.name);
    source = known != widened_.end() ? known->second
                                     : convert({.form = Conversion::Form::widened,
                                                .tensor = info.name,
                                                .file = info.file,
                                                .file_offset = info.file_offset,
                                                .format = source.format,
                                                .cols = info.dims[0]});
    widened_.emplace(info.name, source);
  }
  source.offset += first * sizeof(float);
  return source;
}

kernels::Operand ProgramBuilder::vector_part(const std::string& tensor, std::uint64_t n_values,
                                             std::uint64_t first, std::uint64_t n) {
  const std::string key = part_key(tensor, first);
  if (const kernels::Operand* known = known_operand(key)) return *known;
  const TensorInfo* info = checked_tensor(tensor, 1, n_values);
  return info == nullptr ? kernels::Operand{0} : place(vector_source(*info, first), key, 1, n);
}

kernels::Operand ProgramBuilder::copied_vector(const std::string& tensor, std::uint64_t n_values) {
  const kernels::Operand* known = known_operand(tensor);
  if (known != nullptr && program_.weights[*known].block == current_block_) return *known;
  const TensorInfo* info = checked_tensor(tensor, 1, n_values);
  return info == nullptr ? kernels::Operand{0}
                         : place(vector_source(*info, 0), tensor, 1, n_values);
}

kernels::Operand ProgramBuilder::place_experts(const std::vector<Source>& sources,
                                               const std::string& tensor, std::uint64_t rows,
                                               std::uint64_t cols) {
  const kernels::Format* format = sources.front().format;
  const std::uint64_t size = format->row_bytes(cols) * rows;
  std::uint64_t offset = 0;
  for (std::uint32_t e = 0; e < sources.size(); ++e) {
    offset =
        take_room(program_.blocks[expert_block_ + e], sources[e].file, sources[e].offset, size);
  }
  const auto operand = static_cast<kernels::Operand>(program_.weights.size());
  program_.weights.push_back(
      {expert_block_, offset, format, rows, cols, tensor, hyper().n_experts});
  return operand;
}

kernels::Operand ProgramBuilder::expert_rows(const std::string& tensor, std::uint64_t n_rows,
                                             std::uint64_t first_row, std::uint64_t rows,
                                             std::uint64_t cols) {
  const TensorInfo* info = checked_tensor(tensor, n_rows * hyper().n_experts, cols);
  if (info == nullptr || error_) return 0;
  const kernels::Format* format = kernels::find_format(info->type);
  std::vector<Source> sources;
  sources.reserve(hyper().n_experts);
  for (std::uint64_t e = 0; e < hyper().n_experts; ++e) {
    sources.push_back({info->file,
                       info->file_offset + format->row_bytes(cols) * (e * n_rows + first_row),
                       format});
  }
  return place_experts(sources, tensor, rows, cols);
}

kernels::Operand ProgramBuilder::expert_weight(const std::string& stem, std::uint64_t rows,
                                               std::uint64_t cols) {
  const bool is_split = !has_tensor(stem + "_exps.weight") && has_tensor(stem + ".0.weight");
  return is_split ? split_expert_weight(stem, rows, cols)
                  : expert_rows(stem + "_exps.weight", rows, 0, rows, cols);
}

kernels::Operand ProgramBuilder::split_expert_weight(const std::string& stem, std::uint64_t rows,
                                                     std::uint64_t cols) {
  std::vector<Source> sources;
  sources.reserve(hyper().n_experts);
  for (std::uint32_t e = 0; e < hyper().n_experts; ++e) {
    const std::string tensor = stem + "." + std::to_string(e) + ".weight";
    const TensorInfo* info = checked_tensor(tensor, rows, cols);
    if (info == nullptr || error_) return 0;
    sources.push_back({info->file, info->file_offset, kernels::find_format(info->type)});
    if (sources.back().format != sources.front().format) {
      fail(ModelsError::unsupported_format,
           "tensor " + tensor + " is stored in " + std::string(sources.back().format->name) +
               ", the layer's first expert in " + std::string(sources.front().format->name) +
               "; experts of one layer must share a format");
      return 0;
    }
  }
  return place_experts(sources, stem, rows, cols);
}

}  // namespace blue::models
