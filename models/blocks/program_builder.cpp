#include "models/blocks/program_builder.h"

#include <cmath>
#include <utility>

namespace blue::models {

namespace {

// Bounds far above any model, low enough that products of three of them stay below 2^63.
constexpr std::uint64_t kMostLayers = 4096;
constexpr std::uint64_t kMostWidth = 1U << 20;
constexpr std::uint64_t kMostVocab = 1U << 24;
constexpr std::uint64_t kMostContext = 1ULL << 31;

std::string shape_text(std::uint64_t rows, std::uint64_t cols) {
  return "[" + std::to_string(rows) + ", " + std::to_string(cols) + "]";
}

}  // namespace

ProgramBuilder::ProgramBuilder(const GgufFile& file) : file_(file) {
  read_hyper_parameters();
  if (!error_) check_hyper_parameters();
}

void ProgramBuilder::fail(ModelsError code, const std::string& message) {
  if (!error_) error_ = Error(code, file_.path() + ": " + message);
}

std::uint32_t ProgramBuilder::count(const std::string& key, std::optional<std::uint64_t> if_absent,
                                    std::uint64_t most) {
  const std::string full = program_.hyper.architecture + "." + key;
  std::optional<std::uint64_t> value = file_.unsigned_value(full);
  if (!value) value = if_absent;
  if (!value) {
    fail(ModelsError::missing_key, "needs the key " + full + ", a whole number");
    return 1;
  }
  if (*value == 0 || *value > most) {
    fail(ModelsError::bad_shape,
         full + " is " + std::to_string(*value) + ", must be 1 to " + std::to_string(most));
    return 1;
  }
  return static_cast<std::uint32_t>(*value);
}

float ProgramBuilder::number(const std::string& key, double if_absent) {
  const std::string full = program_.hyper.architecture + "." + key;
  const double value = file_.number(full).value_or(if_absent);
  if (!std::isfinite(value) || value <= 0.0)
    fail(ModelsError::bad_shape, full + " must be a positive number");
  return static_cast<float>(value);
}

void ProgramBuilder::read_hyper_parameters() {
  HyperParameters& hyper = program_.hyper;
  hyper.architecture = file_.text("general.architecture").value_or("");
  hyper.name = file_.text("general.name").value_or("");
  hyper.n_layers = count("block_count", std::nullopt, kMostLayers);
  hyper.n_context = count("context_length", std::nullopt, kMostContext);
  hyper.d_model = count("embedding_length", std::nullopt, kMostWidth);
  hyper.d_ff = count("feed_forward_length", std::nullopt, kMostWidth);
  hyper.n_heads = count("attention.head_count", std::nullopt, kMostWidth);
  hyper.n_kv_heads = count("attention.head_count_kv", hyper.n_heads, kMostWidth);
  hyper.head_dim =
      count("attention.key_length", std::max<std::uint64_t>(1, hyper.d_model / hyper.n_heads), kMostWidth);
  hyper.rotary_dims = count("rope.dimension_count", hyper.head_dim, kMostWidth);
  hyper.rms_eps = number("attention.layer_norm_rms_epsilon", 1e-5);
  hyper.rope_base = number("rope.freq_base", 10000.0);
  const TensorInfo* embedding = file_.find_tensor("token_embd.weight");
  if (embedding == nullptr) return fail(ModelsError::missing_tensor, "needs the tensor token_embd.weight");
  if (embedding->dims[1] == 0 || embedding->dims[1] > kMostVocab) {
    return fail(ModelsError::bad_shape, "token_embd.weight has " + std::to_string(embedding->dims[1]) +
                                            " rows, must be 1 to " + std::to_string(kMostVocab));
  }
  hyper.n_vocab = static_cast<std::uint32_t>(embedding->dims[1]);
}

void ProgramBuilder::check_hyper_parameters() {
  const HyperParameters& hyper = program_.hyper;
  const auto value_length = file_.unsigned_value(hyper.architecture + ".attention.value_length");
  if (value_length && *value_length != hyper.head_dim) {
    fail(ModelsError::bad_shape, "attention.value_length is " + std::to_string(*value_length) +
                                     ", must equal attention.key_length " + std::to_string(hyper.head_dim));
  }
  if (hyper.n_heads % hyper.n_kv_heads != 0) {
    fail(ModelsError::bad_shape, "attention.head_count " + std::to_string(hyper.n_heads) +
                                     " is not a multiple of head_count_kv " +
                                     std::to_string(hyper.n_kv_heads));
  }
  if (hyper.rotary_dims > hyper.head_dim || hyper.rotary_dims % 2 != 0) {
    fail(ModelsError::bad_shape, "rope.dimension_count " + std::to_string(hyper.rotary_dims) +
                                     " must be even and at most the head size " +
                                     std::to_string(hyper.head_dim));
  }
  if (static_cast<std::uint64_t>(hyper.n_heads) * hyper.head_dim > kMostWidth) {
    fail(ModelsError::bad_shape, "attention heads are wider than " + std::to_string(kMostWidth) + " values");
  }
  const auto scaling = file_.text(hyper.architecture + ".rope.scaling.type");
  if (scaling && *scaling != "none" && *scaling != "linear") {
    fail(ModelsError::unsupported_format, "rope scaling '" + std::string(*scaling) + "' is not supported");
  }
  if (scaling && *scaling == "linear") program_.hyper.rope_scale = 1.0F / number("rope.scaling.factor", 1.0);
  if (has_tensor("rope_freqs.weight")) {
    fail(ModelsError::unsupported_format,
         "per-dimension rope factors (tensor rope_freqs.weight) are not supported");
  }
}

void ProgramBuilder::begin_block(memory::BlockKind kind, std::string name) {
  program_.blocks.push_back({kind, std::move(name), {}, {}});
}

kernels::Slot ProgramBuilder::weight(const std::string& tensor, std::uint64_t rows, std::uint64_t cols) {
  if (const auto known = slots_by_tensor_.find(tensor); known != slots_by_tensor_.end()) return known->second;
  const TensorInfo* info = file_.find_tensor(tensor);
  if (info == nullptr) {
    fail(ModelsError::missing_tensor, "needs the tensor " + tensor + " " + shape_text(rows, cols));
    return 0;
  }
  if (info->dims[0] != cols || info->dims[1] * info->dims[2] * info->dims[3] != rows) {
    fail(ModelsError::bad_shape,
         "tensor " + tensor + " is " +
             shape_text(info->dims[1] * info->dims[2] * info->dims[3], info->dims[0]) + ", must be " +
             shape_text(rows, cols));
    return 0;
  }
  const kernels::Format* format = kernels::find_format(info->type);
  if (format == nullptr || cols % format->values_per_block != 0) {
    fail(ModelsError::unsupported_format,
         "tensor " + tensor + " is stored in type " + std::to_string(info->type) +
             ", which this build cannot read with rows of " + std::to_string(cols));
    return 0;
  }
  BLUE_CHECK(!program_.blocks.empty(), "a weight needs a block");
  BlockPlan& block = program_.blocks.back();
  const std::uint64_t offset = round_up(block.size.count, memory::kTensorAlignment);
  const std::uint64_t size = format->row_bytes(cols) * rows;
  block.extents.push_back({info->file, info->file_offset, offset, size});
  block.size = {offset + size};
  const auto slot = static_cast<kernels::Slot>(program_.weights.size());
  program_.weights.push_back(
      {static_cast<std::uint32_t>(program_.blocks.size() - 1), offset, format, rows, cols, tensor});
  slots_by_tensor_.emplace(tensor, slot);
  return slot;
}

kernels::Slot ProgramBuilder::activation(std::uint32_t width, kernels::RowSet row_set) {
  program_.activations.push_back({width, row_set});
  return static_cast<kernels::Slot>(program_.activations.size() - 1);
}

kernels::Op& ProgramBuilder::append(kernels::OpKind kind, kernels::Slot out, kernels::Slot in,
                                    kernels::Slot in2, kernels::Slot weight) {
  kernels::Op op;
  op.kind = kind;
  op.out = out;
  op.in = in;
  op.in2 = in2;
  op.weight = weight;
  op.row_set = program_.activations[out != kernels::kNoSlot ? out : in].row_set;
  const bool reads_weight = weight != kernels::kNoSlot && weight < program_.weights.size();
  program_.op_blocks.push_back(reads_weight ? program_.weights[weight].block : kNoBlock);
  program_.ops.push_back(op);
  return program_.ops.back();
}

void ProgramBuilder::embed(kernels::Slot out, kernels::Slot weight) {
  kernels::Op& op = append(kernels::OpKind::embed, out, kernels::kNoSlot, kernels::kNoSlot, weight);
  op.rows = hyper().n_vocab;
  op.cols = program_.activations[out].width;
}

void ProgramBuilder::rms_norm(kernels::Slot out, kernels::Slot in, kernels::Slot weight) {
  kernels::Op& op = append(kernels::OpKind::rms_norm, out, in, kernels::kNoSlot, weight);
  op.cols = program_.activations[in].width;
  op.n_heads = 1;
  op.eps = hyper().rms_eps;
}

void ProgramBuilder::head_norm(kernels::Slot in_out, kernels::Slot weight, std::uint32_t n_heads) {
  kernels::Op& op = append(kernels::OpKind::rms_norm, in_out, in_out, kernels::kNoSlot, weight);
  op.cols = hyper().head_dim;
  op.n_heads = n_heads;
  op.eps = hyper().rms_eps;
}

void ProgramBuilder::linear(kernels::Slot out, kernels::Slot in, kernels::Slot weight) {
  kernels::Op& op = append(kernels::OpKind::linear, out, in, kernels::kNoSlot, weight);
  op.rows = program_.activations[out].width;
  op.cols = program_.activations[in].width;
}

void ProgramBuilder::rope(kernels::Slot in_out, std::uint32_t n_heads, kernels::RopeStyle style) {
  kernels::Op& op = append(kernels::OpKind::rope, in_out, in_out, kernels::kNoSlot, kernels::kNoSlot);
  op.rope_style = style;
  op.n_heads = n_heads;
  op.head_dim = hyper().head_dim;
  op.rotary_dims = hyper().rotary_dims;
  op.rope_base = hyper().rope_base;
  op.rope_scale = hyper().rope_scale;
}

void ProgramBuilder::kv_append(kernels::Slot k, kernels::Slot v, std::uint32_t layer) {
  kernels::Op& op = append(kernels::OpKind::kv_append, kernels::kNoSlot, k, v, kernels::kNoSlot);
  op.layer = layer;
  op.n_kv_heads = hyper().n_kv_heads;
  op.head_dim = hyper().head_dim;
}

void ProgramBuilder::attention(kernels::Slot out, kernels::Slot q, std::uint32_t layer) {
  kernels::Op& op = append(kernels::OpKind::attention, out, q, kernels::kNoSlot, kernels::kNoSlot);
  op.layer = layer;
  op.n_heads = hyper().n_heads;
  op.n_kv_heads = hyper().n_kv_heads;
  op.head_dim = hyper().head_dim;
  op.scale = 1.0F / std::sqrt(static_cast<float>(hyper().head_dim));
}

void ProgramBuilder::silu_mul(kernels::Slot out, kernels::Slot gate, kernels::Slot up) {
  append(kernels::OpKind::silu_mul, out, gate, up, kernels::kNoSlot).cols = program_.activations[out].width;
}

void ProgramBuilder::add(kernels::Slot out, kernels::Slot in, kernels::Slot in2) {
  append(kernels::OpKind::add, out, in, in2, kernels::kNoSlot).cols = program_.activations[out].width;
}

void ProgramBuilder::gather_rows(kernels::Slot out, kernels::Slot in) {
  append(kernels::OpKind::gather_rows, out, in, kernels::kNoSlot, kernels::kNoSlot).cols =
      program_.activations[out].width;
}

Result<Program> ProgramBuilder::finish(kernels::Slot logits) {
  if (error_) return *std::move(error_);
  constexpr std::size_t kMostSlots = kernels::kNoSlot;
  if (program_.weights.size() >= kMostSlots || program_.activations.size() >= kMostSlots) {
    return Error(ModelsError::bad_shape,
                 file_.path() + ": more than " + std::to_string(kMostSlots) + " tensors");
  }
  program_.logits = logits;
  const std::uint32_t kv_width = hyper().n_kv_heads * hyper().head_dim;
  program_.kv = {hyper().n_layers, kv_width, kv_width};
  for (const TensorInfo& tensor : file_.tensors()) {
    if (slots_by_tensor_.contains(tensor.name)) continue;
    // Leaving a bias or an adapter out would give wrong logits in silence.
    return Error(ModelsError::unknown_architecture, file_.path() + ": tensor " + tensor.name +
                                                        " is not part of architecture " +
                                                        hyper().architecture + " as this build knows it");
  }
  return std::move(program_);
}

}  // namespace blue::models
