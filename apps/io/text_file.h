// Reads and writes whole files and standard input as text. Depends on base. Any
// thread.
#pragma once

#include <string>

#include "base/result.h"

namespace blue::io {

enum class IoError {
  bad_file,      ///< cannot be opened or read, or has the wrong content: the user names another
  write_failed,  ///< the disk is full or the device failed: the user frees room
};
constexpr std::string_view error_domain(IoError) { return "io"; }
constexpr ErrorKind error_kind(IoError code) {
  return code == IoError::write_failed ? ErrorKind::failed : ErrorKind::bad_input;
}

/// Errors: bad_file naming the path.
Result<std::string> read_file(const std::string& path);
/// Errors: bad_file where the file cannot be opened, write_failed; both name the path.
Status write_file(const std::string& path, std::string_view bytes);
/// Standard input to its end. Errors: bad_file.
Result<std::string> read_standard_input();

/// Is standard input a pipe, a socket or a file, and not a terminal or /dev/null?
bool has_piped_input();

/// The text of a hand-written file: without a UTF-8 byte order mark. Errors: bad_file for
/// UTF-16, which no tokenizer here reads; `name` is the file's.
Result<std::string> without_byte_order_mark(std::string text, const std::string& name);

}  // namespace blue::io
