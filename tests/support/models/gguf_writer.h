// GgufWriter: writes small GGUF files for tests and fuzz seeds, right ones and, on request, wrong
// ones.
// Depends on base and models/gguf/gguf_value.h. Header only: the fuzz targets link no test library.
// One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/span.h"
#include "base/units.h"
#include "models/gguf/gguf_value.h"

namespace blue::models::testing {

class GgufWriter {
 public:
  std::uint32_t magic = 0x46554747;
  std::uint32_t version = 3;
  std::uint64_t alignment =
      32;  ///< of the data section; write general.alignment too when it is another
  std::int64_t more_keys = 0;  ///< added to the true count: a wrong header
  std::int64_t more_tensors = 0;

  GgufWriter& text(std::string_view key, std::string_view value) {
    begin(key, GgufType::string);
    append_string(keys_, value);
    return *this;
  }
  GgufWriter& u32(std::string_view key, std::uint32_t value) {
    return scalar(key, GgufType::u32, value);
  }
  GgufWriter& f32(std::string_view key, float value) { return scalar(key, GgufType::f32, value); }
  GgufWriter& flag(std::string_view key, bool value) {
    return scalar(key, GgufType::boolean, static_cast<std::uint8_t>(value));
  }
  template <class T>
  GgufWriter& scalar(std::string_view key, GgufType type, T value) {
    begin(key, type);
    append(keys_, value);
    return *this;
  }
  GgufWriter& texts(std::string_view key, const std::vector<std::string>& values) {
    begin_array(key, GgufType::string, values.size());
    for (const std::string& value : values) append_string(keys_, value);
    return *this;
  }
  template <class T>
  GgufWriter& array(std::string_view key, GgufType element, const std::vector<T>& values) {
    begin_array(key, element, values.size());
    for (const T& value : values) append(keys_, value);
    return *this;
  }
  /// A key whose payload is `payload`, right or wrong.
  GgufWriter& raw(std::string_view key, std::uint32_t type, std::string_view payload) {
    append_string(keys_, key);
    append(keys_, type);
    keys_ += payload;
    ++n_keys_;
    return *this;
  }

  /// Its bytes follow those of the tensor before, aligned.
  GgufWriter& tensor(std::string_view name, const std::vector<std::uint64_t>& dims,
                     std::uint32_t type, std::string_view bytes) {
    data_.resize(round_up(data_.size(), alignment), '\0');
    tensor_at(name, dims, type, data_.size());
    data_ += bytes;
    return *this;
  }
  /// An entry alone, at any data offset.
  GgufWriter& tensor_at(std::string_view name, const std::vector<std::uint64_t>& dims,
                        std::uint32_t type, std::uint64_t offset) {
    append_string(tensors_, name);
    append(tensors_, static_cast<std::uint32_t>(dims.size()));
    for (const std::uint64_t dim : dims) append(tensors_, dim);
    append(tensors_, type);
    append(tensors_, offset);
    ++n_tensors_;
    return *this;
  }

  [[nodiscard]] std::string finish() const {
    std::string out;
    append(out, magic);
    append(out, version);
    append(out, static_cast<std::uint64_t>(n_tensors_ + more_tensors));
    append(out, static_cast<std::uint64_t>(n_keys_ + more_keys));
    out += keys_;
    out += tensors_;
    if (n_tensors_ > 0) out.resize(round_up(out.size(), alignment), '\0');
    return out + data_;
  }

  template <class T>
  static void append(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  static void append_string(std::string& out, std::string_view text) {
    append(out, std::uint64_t{text.size()});
    out += text;
  }

 private:
  void begin(std::string_view key, GgufType type) {
    append_string(keys_, key);
    append(keys_, static_cast<std::uint32_t>(type));
    ++n_keys_;
  }
  void begin_array(std::string_view key, GgufType element, std::size_t count) {
    begin(key, GgufType::array);
    append(keys_, static_cast<std::uint32_t>(element));
    append(keys_, std::uint64_t{count});
  }

  std::string keys_;
  std::string tensors_;
  std::string data_;
  std::int64_t n_keys_ = 0;
  std::int64_t n_tensors_ = 0;
};

inline ConstByteSpan as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace blue::models::testing
