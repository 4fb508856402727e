// ProgramBuilder: builds the program of an architecture. It looks tensors up, checks their shapes,
// lays them out in blocks, allocates activation operands and appends ops. The first
// error sticks and finish() returns it, so that an architecture reads as the list of ops it is.
// Depends on models/program.h and the GGUF reader. Lifetime: one compilation; one thread.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "models/gguf/gguf_file.h"
#include "models/models_error.h"
#include "models/program.h"

namespace blue::models {

/// What of a row a rope op turns: rotary_dims of every head, from rotary_offset on.
struct RopeLayout {
  std::uint32_t n_heads = 0;
  std::uint32_t head_dim = 0;
  std::uint32_t rotary_dims = 0;
  std::uint32_t rotary_offset = 0;
  kernels::RopeStyle style{};
  float magnitude = 1.0F;
};

/// How a router chooses; the numbers of experts are the hyper-parameters'.
struct RouteTraits {
  kernels::Gating gating = kernels::Gating::softmax;
  kernels::RouteWeights weights = kernels::RouteWeights::normalised;
  float scale = 1.0F;
  std::uint32_t n_groups = 1;
  std::uint32_t n_groups_used = 1;
};

/// Of each of n_heads heads' head_rows rows, `rows` from first_row on.
struct HeadRows {
  std::uint64_t n_heads = 1;
  std::uint64_t head_rows = 1;
  std::uint64_t first_row = 0;
  std::uint64_t rows = 1;
};

/// Whether a cached key and a cached value are as wide as a head, or both are one compressed row.
enum class CachedHeads : std::uint8_t { plain, latent };

class ProgramBuilder {
 public:
  /// Reads the hyper-parameters that every decoder states: "<arch>.block_count",
  /// "embedding_length", ... Missing optional keys take the field's defaults (head_count_kv =
  /// head_count, head_dim = d_model / n_heads, rotary_dims = head_dim, rope_base = 10000; the
  /// experts' width is that of their tensors). Counts are bounded so that no later product
  /// overflows. Layers that predict tokens further ahead are left out, with a note.
  explicit ProgramBuilder(const GgufFile& file, CachedHeads cached = CachedHeads::plain);

  [[nodiscard]] const HyperParameters& hyper() const { return program_.hyper; }
  [[nodiscard]] bool has_tensor(std::string_view name) const {
    return file_.find_tensor(name) != nullptr;
  }
  [[nodiscard]] const GgufFile& file() const { return file_; }

  /// The key "<arch>.<key>", a whole number of any type; nothing where the file has no such key. An
  /// array of equal numbers, one per layer, is that number. A value of another type is an error.
  std::optional<std::uint64_t> stated_count(const std::string& key);
  /// The same from 1 to `most`; an error and 1 where it is not.
  std::uint32_t count(const std::string& key, std::optional<std::uint64_t> if_absent,
                      std::uint64_t most);
  /// The same for every layer; the array's numbers may differ. Empty where the file has no such
  /// key.
  std::vector<std::uint32_t> counts_per_layer(const std::string& key, std::uint64_t most);
  /// The key "<arch>.<key>", a positive number of any type.
  float number(const std::string& key, double if_absent);
  /// The key "<arch>.<key>", a bool or 0 or 1 of any type; nothing where the file has no such key.
  std::optional<bool> stated_flag(const std::string& key);
  /// Keeps the first error.
  void fail(ModelsError code, const std::string& message);

  /// Weights asked for from now on belong to a new block.
  void begin_block(memory::BlockKind kind, std::string name);

  /// The weight operand of `tensor` [rows, cols] (cols = values per row; a vector is one row). The
  /// same tensor asked for twice is the same weight in its first block (tied embeddings).
  kernels::Operand weight(const std::string& tensor, std::uint64_t rows, std::uint64_t cols);
  /// Rows [first_row, first_row + rows) of `tensor` [n_rows, cols].
  kernels::Operand weight_rows(const std::string& tensor, std::uint64_t n_rows,
                               std::uint64_t first_row, std::uint64_t rows, std::uint64_t cols);
  /// The weight [n_heads · cols, rows] that holds a slice of each head's rows of `tensor`,
  /// transposed, as F32; or [n_heads · rows, cols] as it is stored.
  kernels::Operand head_slice(const std::string& tensor, const HeadRows& slice, std::uint64_t cols,
                              Conversion::Form form);
  /// A vector that is added, multiplied or divided by: values [first, first + n) of `tensor`
  /// [n_values] as F32, whatever the file stores it in.
  kernels::Operand vector_part(const std::string& tensor, std::uint64_t n_values,
                               std::uint64_t first, std::uint64_t n);
  kernels::Operand vector(const std::string& tensor, std::uint64_t n_values) {
    return vector_part(tensor, n_values, 0, n_values);
  }
  /// The same for a small vector that every layer reads: each block asked for holds a copy of its
  /// own, since the way back to another block would cost more than these bytes.
  kernels::Operand copied_vector(const std::string& tensor, std::uint64_t n_values);

  /// hyper().n_experts new blocks, "<current block>.expert.0" on; the current block stays where
  /// weight() puts things.
  void begin_expert_blocks();
  /// Of each expert's matrix in a stacked tensor [n_experts, n_rows, cols], the rows [first_row,
  /// first_row + rows), each in its expert's block.
  kernels::Operand expert_rows(const std::string& tensor, std::uint64_t n_rows,
                               std::uint64_t first_row, std::uint64_t rows, std::uint64_t cols);
  /// The whole matrix of each expert; from one tensor per expert, "<stem>.<expert>.weight", where
  /// the file has no "<stem>_exps.weight" (Mixtral's files of before April 2024).
  kernels::Operand expert_weight(const std::string& stem, std::uint64_t rows, std::uint64_t cols);

  /// A buffer of `width` floats per row.
  kernels::Operand activation(std::uint32_t width,
                              kernels::RowSet row_set = kernels::RowSet::tokens);

  /// Ops, as kernels/op.h defines them. Widths are those of the operands.
  void embed(kernels::Operand out, kernels::Operand weight);
  void rms_norm(kernels::Operand out, kernels::Operand in, kernels::Operand weight);
  /// Per-head norm in place: n_heads groups of head_dim.
  void head_norm(kernels::Operand in_out, kernels::Operand weight, std::uint32_t n_heads);
  void linear(kernels::Operand out, kernels::Operand in, kernels::Operand weight);
  void add_bias(kernels::Operand in_out, kernels::Operand weight);
  /// With the model's scaling, and its divisors where the file has rope_freqs.weight.
  void rope(kernels::Operand in_out, const RopeLayout& layout);
  /// With the heads that layer `layer` has.
  void kv_append(kernels::Operand k, kernels::Operand v, std::uint32_t layer);
  void attention(kernels::Operand out, kernels::Operand q, std::uint32_t layer);
  void silu_mul(kernels::Operand out, kernels::Operand gate, kernels::Operand up);
  void add(kernels::Operand out, kernels::Operand in, kernels::Operand in2);
  void gather_rows(kernels::Operand out, kernels::Operand in);
  /// `bias`: of the selection, or kNoOperand.
  void route(kernels::Operand out, kernels::Operand logits, kernels::Operand bias,
             const RouteTraits& traits);
  /// Ops over the same experts' blocks become one ExpertGroup.
  void expert_linear(kernels::Operand out, kernels::Operand in, kernels::Operand route,
                     kernels::Operand weight, kernels::ExpertInput input);
  void expert_sum(kernels::Operand out, kernels::Operand in, kernels::Operand route);
  /// Any op; the caller fills what its kind needs beyond operands, row set and block.
  kernels::Op& append(kernels::OpKind kind, kernels::Operand out, kernels::Operand in,
                      kernels::Operand in2, kernels::Operand weight);

  /// What a token keeps in the cache, per layer, where it is not n_kv_heads · head_dim twice.
  void set_kv_widths(std::uint32_t k_width, std::uint32_t v_width);

  /// The program, with `logits` as its result. Errors: the first that occurred.
  [[nodiscard]] Result<Program> finish(kernels::Operand logits);

 private:
  void read_hyper_parameters();
  void read_layers();
  void read_experts();
  void read_further_predictions();
  void check_hyper_parameters();
  void read_rope_scaling();
  void read_yarn(float factor);
  /// The tensor, once it has these dims and a format that can be read; null behind an error.
  const TensorInfo* checked_tensor(const std::string& tensor, std::uint64_t rows,
                                   std::uint64_t cols);
  /// Where the bytes of a weight lie in the model's files.
  struct Source {
    std::uint32_t file = 0;
    std::uint64_t offset = 0;
    const kernels::Format* format = nullptr;
  };
  /// The weight in the current block, known as `key` from now on.
  kernels::Operand place(const Source& source, const std::string& key, std::uint64_t rows,
                         std::uint64_t cols);
  kernels::Operand place_experts(const std::vector<Source>& sources, const std::string& tensor,
                                 std::uint64_t rows, std::uint64_t cols);
  kernels::Operand split_expert_weight(const std::string& stem, std::uint64_t rows,
                                       std::uint64_t cols);
  Source convert(Conversion conversion);
  Source vector_source(const TensorInfo& info, std::uint64_t first);
  [[nodiscard]] const kernels::Operand* known_operand(const std::string& key) const;
  void extend_expert_group(const kernels::Op& op);
  [[nodiscard]] bool is_left_out(const std::string& tensor) const;

  const GgufFile& file_;
  CachedHeads cached_;
  Program program_;
  std::optional<Error> error_;
  std::uint32_t current_block_ = kNoBlock;
  std::uint32_t expert_block_ = kNoBlock;  ///< the first of the experts of the current block
  std::vector<std::string> left_out_;      ///< prefixes of tensors
  std::unordered_map<std::string, kernels::Operand> operands_;  ///< by tensor, or part of one
  std::unordered_set<std::string> used_tensors_;
  std::unordered_map<std::string, Source> widened_;  ///< vectors as F32, by tensor
  std::uint64_t converted_bytes_ = 0;
  std::uint32_t n_stated_layers_ = 0;  ///< block_count, with those that are left out
};

}  // namespace blue::models
