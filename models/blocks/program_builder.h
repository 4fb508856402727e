// ProgramBuilder: what architecture files write their programs with. It looks tensors up, checks their shapes, lays them
// out in blocks, hands out activation slots and appends ops. The first error sticks and finish() returns it, so that an
// architecture reads as the list of ops it is.
// Depends on models/program.h and the GGUF reader. Lives for one compilation; one thread.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "models/gguf/gguf_file.h"
#include "models/models_error.h"
#include "models/program.h"

namespace blue::models {

class ProgramBuilder {
 public:
  /// Reads the hyper-parameters that every dense decoder states: "<arch>.block_count", "embedding_length", ...
  /// Missing optional keys take the field's defaults (head_count_kv = head_count, head_dim = d_model / n_heads,
  /// rotary_dims = head_dim, rope_base = 10000). Counts are bounded so that no later product overflows.
  explicit ProgramBuilder(const GgufFile& file);

  [[nodiscard]] const HyperParameters& hyper() const { return program_.hyper; }
  [[nodiscard]] bool has_tensor(std::string_view name) const { return file_.find_tensor(name) != nullptr; }

  /// Weights asked for from now on belong to a new block.
  void begin_block(memory::BlockKind kind, std::string name);

  /// The weight slot of `tensor` [rows, cols] (cols = values per row; a vector is one row). The same tensor asked for
  /// twice is the same weight in its first block (tied embeddings).
  kernels::Slot weight(const std::string& tensor, std::uint64_t rows, std::uint64_t cols);

  /// A buffer of `width` floats per row.
  kernels::Slot activation(std::uint32_t width, kernels::RowSet row_set = kernels::RowSet::tokens);

  /// Ops, as kernels/op.h defines them. Widths are those of the slots.
  void embed(kernels::Slot out, kernels::Slot weight);
  void rms_norm(kernels::Slot out, kernels::Slot in, kernels::Slot weight);
  /// Per-head norm in place: n_heads groups of head_dim.
  void head_norm(kernels::Slot in_out, kernels::Slot weight, std::uint32_t n_heads);
  void linear(kernels::Slot out, kernels::Slot in, kernels::Slot weight);
  void rope(kernels::Slot in_out, std::uint32_t n_heads, kernels::RopeStyle style);
  void kv_append(kernels::Slot k, kernels::Slot v, std::uint32_t layer);
  void attention(kernels::Slot out, kernels::Slot q, std::uint32_t layer);
  void silu_mul(kernels::Slot out, kernels::Slot gate, kernels::Slot up);
  void add(kernels::Slot out, kernels::Slot in, kernels::Slot in2);
  void gather_rows(kernels::Slot out, kernels::Slot in);

  /// The program, with `logits` as its result. Errors: the first that occurred.
  [[nodiscard]] Result<Program> finish(kernels::Slot logits);

 private:
  std::uint32_t count(const std::string& key, std::optional<std::uint64_t> if_absent, std::uint64_t most);
  float number(const std::string& key, double if_absent);
  void fail(ModelsError code, const std::string& message);
  void read_hyper_parameters();
  void check_hyper_parameters();
  kernels::Op& append(kernels::OpKind kind, kernels::Slot out, kernels::Slot in, kernels::Slot in2,
                      kernels::Slot weight);

  const GgufFile& file_;
  Program program_;
  std::optional<Error> error_;
  std::unordered_map<std::string, kernels::Slot> slots_by_tensor_;
};

}  // namespace blue::models
