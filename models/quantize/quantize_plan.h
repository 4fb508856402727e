// Which format each tensor of a model gets when the model is quantised. Pure: a file's header in, a
// list out.
//   - Vectors (one row) and norms are stored as F32, and so are the small matrices that route
//     tokens to experts (*_gate_inp): they are a thousandth of the bytes, and every error in them
//     reaches every token.
//   - Every other tensor, expert stacks included, gets the requested format, or that of the
//     requested mix (quantize_mix.h), or that of the last override whose pattern matches.
//   - Where a row is no multiple of the format's block, the tensor gets the smallest packed format
//     of more bits per value that divides it, else F16.
// Depends on kernels/format.h and gguf_file.h. Any thread; points into the GgufFile and the static
// formats and mixes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kernels/format.h"
#include "models/gguf/gguf_file.h"
#include "models/quantize/quantize_mix.h"

namespace blue::models {

struct FormatOverride {
  std::string
      pattern;  ///< of the whole tensor name: * any text, ? any character, [ab] either (fnmatch)
  const kernels::Format* format = nullptr;
};

/// What the command names: one format for all matrices, or a mix.
struct QuantizeType {
  const kernels::Format* format = nullptr;  ///< of a mix: its base
  const QuantizeMix* mix = nullptr;

  // NOLINTNEXTLINE(google-explicit-constructor): a format is the simplest type
  QuantizeType(const kernels::Format& one) : format(&one) {}
  explicit QuantizeType(const QuantizeMix& named);
};

struct PlannedTensor {
  const TensorInfo* tensor = nullptr;
  const kernels::Format* from = nullptr;
  const kernels::Format* to = nullptr;
  const kernels::Format* wanted = nullptr;  ///< other than `to` where a row did not divide

  [[nodiscard]] std::uint64_t n_values() const {
    return tensor->dims[0] * tensor->dims[1] * tensor->dims[2] * tensor->dims[3];
  }
  [[nodiscard]] std::uint64_t size() const { return to->row_bytes(n_values()); }
};

struct QuantizePlan {
  QuantizeType wanted;
  std::vector<PlannedTensor> tensors;  ///< file order
};

/// The format or mix named `name`, in either case. Errors: unsupported_format, naming those that
/// there are.
Result<QuantizeType> require_quantize_type(std::string_view name);
/// The same of formats alone.
Result<const kernels::Format*> require_format(std::string_view name);

/// "PATTERN=TYPE". Errors: unsupported_format naming the text.
Result<FormatOverride> parse_override(const std::string& text);

/// Errors: unsupported_format (a tensor of a type that this program cannot read, an override that
/// fits no matrix), missing_key (of a mix: block_count).
Result<QuantizePlan> plan_quantize(const GgufFile& file, const QuantizeType& wanted,
                                   const std::vector<FormatOverride>& overrides);

/// One line about the tensors whose rows did not divide; empty when there are none.
std::string describe_fallbacks(const QuantizePlan& plan);

}  // namespace blue::models
