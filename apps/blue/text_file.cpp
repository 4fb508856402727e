#include "apps/blue/text_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace blue::apps {

namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

Error bad(const std::string& path, const std::string& why) {
  return {AppsError::bad_file, path + ": " + why};
}

std::string drain(std::FILE* file) {
  std::string text;
  char part[1 << 14];
  for (std::size_t n = 0; (n = std::fread(part, 1, sizeof part, file)) > 0;) text.append(part, n);
  return text;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return bad(path, "is a directory");
  const File file(std::fopen(path.c_str(), "rb"));
  if (!file) return bad(path, std::strerror(errno));
  std::string text = drain(file.get());
  if (std::ferror(file.get()) != 0) return bad(path, "reading failed");
  return text;
}

Status write_file(const std::string& path, std::string_view bytes) {
  File file(std::fopen(path.c_str(), "wb"));
  if (!file) return bad(path, std::strerror(errno));
  const bool is_written = std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
  if (!is_written || std::fflush(file.get()) != 0) return bad(path, std::strerror(errno));
  return {};
}

std::string read_standard_input() { return drain(stdin); }

}  // namespace blue::apps
