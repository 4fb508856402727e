#include "models/converted_tensors.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/span.h"
#include "hal/file_reader.h"
#include "models/gguf/gguf_parser.h"
#include "models/models_error.h"

namespace blue::models {

namespace {

/// The rows that a conversion takes, as the file stores them.
std::vector<std::byte> gathered(const Conversion& conversion, ConstByteSpan tensor) {
  const std::uint64_t row_bytes = conversion.format->row_bytes(conversion.cols);
  std::vector<std::byte> out(conversion.n_heads * conversion.rows * row_bytes);
  for (std::uint64_t head = 0; head < conversion.n_heads; ++head) {
    const std::uint64_t first = head * conversion.head_rows + conversion.first_row;
    std::memcpy(out.data() + head * conversion.rows * row_bytes, tensor.data() + first * row_bytes,
                conversion.rows * row_bytes);
  }
  return out;
}

/// Each head's [rows, cols] as [cols, rows].
std::vector<float> transposed(const Conversion& conversion, std::span<const float> values) {
  std::vector<float> out(values.size());
  const std::uint64_t head_size = conversion.rows * conversion.cols;
  for (std::uint64_t head = 0; head < conversion.n_heads; ++head) {
    for (std::uint64_t row = 0; row < conversion.rows; ++row) {
      for (std::uint64_t col = 0; col < conversion.cols; ++col) {
        out[head * head_size + col * conversion.rows + row] =
            values[head * head_size + row * conversion.cols + col];
      }
    }
  }
  return out;
}

/// What the step reads.
std::vector<std::byte> converted(const Conversion& conversion, ConstByteSpan tensor) {
  std::vector<std::byte> rows = gathered(conversion, tensor);
  if (conversion.form == Conversion::Form::copied) return rows;
  std::vector<float> values(conversion.n_heads * conversion.rows * conversion.cols);
  conversion.format->decode(rows, values);
  if (conversion.form == Conversion::Form::transposed) values = transposed(conversion, values);
  const ConstByteSpan bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

ConvertedTensors::ConvertedTensors(int descriptor)
    : descriptor_(descriptor),
      // Named by the process: a thread's own folder would close with it.
      path_("/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor)) {}

ConvertedTensors::ConvertedTensors(ConvertedTensors&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}

ConvertedTensors::~ConvertedTensors() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status ConvertedTensors::write(ConstByteSpan bytes, std::uint64_t offset) const {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error(ModelsError::cannot_open, std::strerror(errno));
    offset += static_cast<std::uint64_t>(n);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<ConvertedTensors> ConvertedTensors::create(std::span<const Conversion> conversions,
                                                  std::span<const std::string> files) {
  const int descriptor = ::memfd_create("blue-converted-tensors", MFD_CLOEXEC);
  if (descriptor < 0) {
    return Error(ModelsError::cannot_open,
                 std::string("no memory file for converted tensors: ") + std::strerror(errno));
  }
  ConvertedTensors out(descriptor);
  BLUE_TRY_ASSIGN(const std::unique_ptr<hal::FileReader> reader, hal::open_pread_reader());
  std::vector<hal::FileId> ids;
  for (const std::string& file : files) {
    BLUE_TRY_ASSIGN(const hal::FileId id, reader->open(file));
    ids.push_back(id);
  }
  std::vector<std::byte> tensor;
  for (const Conversion& conversion : conversions) {
    tensor.resize(conversion.format->row_bytes(conversion.cols) * conversion.n_heads *
                  conversion.head_rows);
    BLUE_TRY(hal::read_fully(*reader, ids.at(conversion.file), conversion.file_offset, tensor));
    Status written = out.write(converted(conversion, tensor), conversion.converted_offset);
    if (!written.ok()) {
      return std::move(written).error().within("no memory for tensor " +
                                               printable(conversion.tensor, kNameShown));
    }
  }
  return out;
}

}  // namespace blue::models
