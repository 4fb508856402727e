// An append-only file that can be synced and cut: what crash safety is made of. AppendFile is
// implemented by the operating system's files; tests implement one that fails the n-th call.
// (Files that are replaced whole: models/gguf/replacing_file_writer.h.)
// Depends on base and memory_error. Threads: one at a time per file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "base/units.h"
#include "memory/memory_error.h"

namespace blue::memory {

class AppendFile {
 public:
  virtual ~AppendFile() = default;

  /// Writes all of `bytes` at the end. On an error any part of them may have been written.
  [[nodiscard]] virtual Status append(ConstByteSpan bytes) = 0;
  /// Returns when everything appended is on the drive.
  [[nodiscard]] virtual Status sync() = 0;
  /// Cuts the file to its first `size` bytes.
  [[nodiscard]] virtual Status truncate(Bytes size) = 0;
};

enum class OpenMode : std::uint8_t { create_new, open_existing };

/// A locked file: another process, or another open in this one, is refused during its lifetime.
/// Errors: log_failed (exists already, absent, locked by another, denied).
[[nodiscard]] Result<std::unique_ptr<AppendFile>> open_append_file(const std::string& path,
                                                                   OpenMode mode);

/// All bytes of a file. Errors: log_failed (absent, a directory, unreadable).
[[nodiscard]] Result<std::vector<std::byte>> read_whole_file(const std::string& path);

/// Makes a name just created, replaced or removed in `path`'s directory outlive a power cut.
[[nodiscard]] Status sync_directory_of(const std::string& path);

}  // namespace blue::memory
