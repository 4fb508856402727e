// ConvertedTensors: the bytes of a model that a step reads in another form than its file stores:
// vectors widened to F32, joined matrices split. Made once, when the model is opened, into an
// anonymous file in memory, so that blocks read them as they read every other tensor. Depends on
// hal, kernels/format.h and models/program.h. Immutable after creation; any thread. The file lives
// as long as the object, or as a reader that has opened it.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "models/program.h"

namespace blue::models {

class ConvertedTensors {
 public:
  /// `files`: the paths that Conversion::file indexes. Memory: the results, and one tensor decoded.
  /// Errors: cannot_open naming the tensor (the file fails, or there is no memory for the result).
  static Result<ConvertedTensors> create(std::span<const Conversion> conversions,
                                         std::span<const std::string> files);

  ConvertedTensors(ConvertedTensors&& other) noexcept;
  ConvertedTensors& operator=(ConvertedTensors&&) = delete;
  ~ConvertedTensors();

  /// Where readers open it.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit ConvertedTensors(int descriptor);
  [[nodiscard]] Status write(ConstByteSpan bytes, std::uint64_t offset) const;

  int descriptor_;
  std::string path_;
};

}  // namespace blue::models
