// quantize(): writes a model's file again with its tensors in other formats, by a plan. Keys are
// copied byte for byte, except general.file_type and general.quantization_version, which describe
// the new file, and split.*, since it is one file, whatever the parts it is read from.
// Memory: the header, and kChunkBytes of one tensor in either format.
// Depends on hal (file reader) and models/gguf. Threads: one caller; it starts workers for each
// chunk. The plan's GgufFile outlives it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/stop_token.h"
#include "base/units.h"
#include "models/quantize/quantize_plan.h"

namespace blue::models {

struct QuantizeProgress {
  std::size_t n_tensors_done = 0;
  std::size_t n_tensors = 0;
  Bytes read;   ///< of tensors
  Bytes total;  ///< of tensors to read
  std::string_view tensor;
};

struct QuantizeOptions {
  unsigned n_threads = 1;
  std::function<void(const QuantizeProgress&)> on_progress;  ///< after each chunk; may be empty
  StopToken stop;
};

struct QuantizeFigures {
  std::size_t n_tensors = 0;
  Bytes read;     ///< of tensors
  Bytes written;  ///< of tensors
  std::uint64_t n_values = 0;
};

/// About as much of a tensor as is held at once, in its old or new format, whichever is larger.
inline constexpr std::uint64_t kChunkBytes = std::uint64_t{16} << 20;

/// Writes the planned file to `path`, which appears when it is whole; an older file of that name is
/// replaced.
/// Errors: cannot_open (the two files are one, or one of them fails), malformed (a value that is
/// not a finite number would have to be packed), stopped.
Result<QuantizeFigures> quantize(const GgufFile& file, const QuantizePlan& plan,
                                 const std::string& path, const QuantizeOptions& options);

}  // namespace blue::models
