// Fuzzes split models: the input is several GGUF files behind one another (a count, then each with
// its length before it), which are parsed and joined. Also the names of parts. Allocation: as
// gguf_fuzz.cpp.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "models/gguf/gguf_file.h"
#include "models/gguf/gguf_split.h"

namespace {

using namespace blue;
using namespace blue::models;

constexpr std::size_t kMostParts = 4;

/// The parts in `bytes`; nothing when one of them is no GGUF file.
std::optional<std::vector<GgufFile>> parse_parts(ConstByteSpan bytes) {
  const std::size_t n_parts =
      bytes.empty() ? 0 : static_cast<std::size_t>(bytes[0]) % kMostParts + 1;
  std::vector<GgufFile> parts;
  std::size_t at = 1;
  for (std::size_t i = 0; i < n_parts; ++i) {
    const std::optional<std::uint32_t> size = load_at<std::uint32_t>(bytes, at);
    if (!size) return std::nullopt;
    at += sizeof *size;
    const ConstByteSpan part = bytes.subspan(at, std::min<std::size_t>(*size, bytes.size() - at));
    at += part.size();
    Result<GgufFile> parsed = GgufFile::parse(
        part, part.size(), split_path("fuzz", static_cast<std::uint32_t>(i + 1), kMostParts));
    if (!parsed) return std::nullopt;
    (void)read_split_keys(*parsed);
    parts.push_back(std::move(parsed).value());
  }
  if (parts.empty()) return std::nullopt;
  return parts;
}

void touch(const GgufFile& whole) {
  std::uint64_t size = 0;
  for (const GgufPart& part : whole.parts()) size += part.size;
  BLUE_CHECK(size == whole.file_size());
  for (const TensorInfo& tensor : whole.tensors()) {
    BLUE_CHECK(whole.find_tensor(tensor.name) == &tensor);
    BLUE_CHECK(tensor.file < whole.parts().size());
    const GgufPart& part = whole.parts()[tensor.file];
    BLUE_CHECK(tensor.size <= part.size && tensor.file_offset <= part.size - tensor.size);
  }
  (void)whole.describe_keys();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path(reinterpret_cast<const char*>(data), size);
  if (const auto name = parse_split_name(path))
    BLUE_CHECK(split_path(name->prefix, name->number, name->count) == path);
  auto parts = parse_parts(std::as_bytes(std::span(data, size)));
  if (!parts) return 0;
  const std::size_t n_parts = parts->size();
  const Result<GgufFile> whole = GgufFile::join(*std::move(parts));
  if (!whole) {
    BLUE_CHECK(whole.error().message().find('\n') == std::string::npos);
    return 0;
  }
  BLUE_CHECK(whole->parts().size() == n_parts);
  touch(*whole);
  return 0;
}
