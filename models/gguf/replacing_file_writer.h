// ReplacingFileWriter: a file that appears under its name only when it is whole. It is written
// under another name in the same folder and renamed at the end; after an error or a stop it is
// removed, and the older file of that name stays. Depends on base and
// models_error. One thread. Owns the descriptor and the partial file.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/span.h"
#include "models/models_error.h"

namespace blue::models {

class ReplacingFileWriter {
 public:
  /// Errors: cannot_open (no such folder, a directory of that name, not allowed), naming the path.
  static Result<ReplacingFileWriter> create(const std::string& path);

  ReplacingFileWriter(ReplacingFileWriter&& other) noexcept;
  ReplacingFileWriter& operator=(ReplacingFileWriter&&) = delete;
  ~ReplacingFileWriter();

  /// Appends. Errors: cannot_open (the drive is full, …), naming the path.
  Status write(ConstByteSpan bytes);
  /// Appends zeros until the file has `size` bytes.
  Status pad_to(std::uint64_t size);
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// On the drive, and under its name. Called once, last.
  Status finish();

 private:
  ReplacingFileWriter(int descriptor, std::string path, std::string partial)
      : descriptor_(descriptor), path_(std::move(path)), partial_(std::move(partial)) {}

  [[nodiscard]] Error cannot_write(int failure) const;
  [[nodiscard]] Status sync_folder() const;

  int descriptor_;
  std::string path_;
  std::string partial_;  ///< empty once renamed
  std::uint64_t size_ = 0;
};

}  // namespace blue::models
