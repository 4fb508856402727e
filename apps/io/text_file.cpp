#include "apps/io/text_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace blue::io {

namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

Error failed(IoError code, const std::string& name) {
  return {code, name + ": " + std::strerror(errno)};
}

Result<std::string> drain(std::FILE* file, const std::string& name) {
  std::string text;
  char part[1 << 14];
  for (std::size_t n = 0; (n = std::fread(part, 1, sizeof part, file)) > 0;) text.append(part, n);
  if (std::ferror(file) != 0) return failed(IoError::bad_file, name);
  return text;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return failed(IoError::bad_file, path);
  return drain(file.get(), path);
}

Status write_file(const std::string& path, std::string_view bytes) {
  File file(std::fopen(path.c_str(), "wb"));
  if (!file) return failed(IoError::bad_file, path);
  const bool is_written = std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
  if (!is_written || std::fflush(file.get()) != 0) return failed(IoError::write_failed, path);
  if (std::fclose(file.release()) != 0) return failed(IoError::write_failed, path);
  return {};
}

Result<std::string> read_standard_input() { return drain(stdin, "standard input"); }

bool has_piped_input() {
  struct stat about {};
  if (fstat(STDIN_FILENO, &about) != 0) return false;
  return S_ISFIFO(about.st_mode) || S_ISREG(about.st_mode) || S_ISSOCK(about.st_mode);
}

Result<std::string> without_byte_order_mark(std::string text, const std::string& name) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
    return Error(IoError::bad_file, name + ": is UTF-16; save it as UTF-8");
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  return text;
}

}  // namespace blue::io
