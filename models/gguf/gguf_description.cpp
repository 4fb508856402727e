#include <charconv>

#include "models/gguf/gguf_file.h"
#include "models/gguf/gguf_parser.h"

namespace blue::models {
namespace {

constexpr std::size_t kTextShown = 100;
constexpr std::uint64_t kElementsShown = 6;
constexpr std::size_t kElementTextShown = 24;

template <class T>
std::string digits(T value) {
  char buffer[32];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, end.ptr);
}

/// One fixed-size value at `offset`, as text.
std::string scalar_text(ConstByteSpan bytes, GgufType type, std::uint64_t offset) {
  switch (type) {
    case GgufType::u8: return digits(load_at<std::uint8_t>(bytes, offset).value_or(0));
    case GgufType::i8: return digits(load_at<std::int8_t>(bytes, offset).value_or(0));
    case GgufType::u16: return digits(load_at<std::uint16_t>(bytes, offset).value_or(0));
    case GgufType::i16: return digits(load_at<std::int16_t>(bytes, offset).value_or(0));
    case GgufType::u32: return digits(load_at<std::uint32_t>(bytes, offset).value_or(0));
    case GgufType::i32: return digits(load_at<std::int32_t>(bytes, offset).value_or(0));
    case GgufType::u64: return digits(load_at<std::uint64_t>(bytes, offset).value_or(0));
    case GgufType::i64: return digits(load_at<std::int64_t>(bytes, offset).value_or(0));
    case GgufType::f32: return digits(load_at<float>(bytes, offset).value_or(0));
    case GgufType::f64: return digits(load_at<double>(bytes, offset).value_or(0));
    case GgufType::boolean:
      return load_at<std::uint8_t>(bytes, offset).value_or(0) != 0 ? "true" : "false";
    case GgufType::string:
    case GgufType::array: break;
  }
  return {};
}

std::string_view string_at(ConstByteSpan bytes, std::uint64_t offset) {
  const std::uint64_t size = load_at<std::uint64_t>(bytes, offset).value_or(0);
  return {reinterpret_cast<const char*>(bytes.data()) + offset + sizeof size, size};
}

std::string array_text(ConstByteSpan bytes, const GgufValue& value) {
  if (value.element == GgufType::array) return digits(value.count) + " arrays";
  std::string out = "[";
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < value.count; ++i) {
    if (i > 0) out += ", ";
    if (i == kElementsShown) return out + "…] (" + digits(value.count) + ")";
    if (value.element == GgufType::string) {
      const std::string_view text = string_at(bytes, at);
      out += '"' + printable(text, kElementTextShown) + '"';
      at += sizeof(std::uint64_t) + text.size();
    } else {
      out += scalar_text(bytes, value.element, at);
      at += fixed_size(value.element);
    }
  }
  return out + "]";
}

}  // namespace

std::string_view name_of(GgufType type) {
  switch (type) {
    case GgufType::u8: return "u8";
    case GgufType::i8: return "i8";
    case GgufType::u16: return "u16";
    case GgufType::i16: return "i16";
    case GgufType::u32: return "u32";
    case GgufType::i32: return "i32";
    case GgufType::f32: return "f32";
    case GgufType::boolean: return "bool";
    case GgufType::string: return "string";
    case GgufType::array: return "array";
    case GgufType::u64: return "u64";
    case GgufType::i64: return "i64";
    case GgufType::f64: return "f64";
  }
  return "unknown";
}

std::uint32_t fixed_size(GgufType type) {
  switch (type) {
    case GgufType::u8:
    case GgufType::i8:
    case GgufType::boolean: return 1;
    case GgufType::u16:
    case GgufType::i16: return 2;
    case GgufType::u32:
    case GgufType::i32:
    case GgufType::f32: return 4;
    case GgufType::u64:
    case GgufType::i64:
    case GgufType::f64: return 8;
    case GgufType::string:
    case GgufType::array: return 0;
  }
  return 0;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text) {
    if (out.size() >= limit) return out + "…";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += '?';
    } else {
      out += c;
    }
  }
  return out;
}

std::vector<KeyDescription> GgufFile::describe_keys() const {
  std::vector<KeyDescription> out;
  out.reserve(values_.size());
  for (const GgufValue& value : values_) {
    KeyDescription description{value.key, std::string(name_of(value.type)), {}};
    const ConstByteSpan bytes = payload(value);
    if (value.type == GgufType::array) {
      description.type += " of " + std::string(name_of(value.element));
      description.value = array_text(bytes, value);
    } else if (value.type == GgufType::string) {
      description.value = printable(string_at(bytes, 0), kTextShown);
    } else {
      description.value = scalar_text(bytes, value.type, 0);
    }
    out.push_back(std::move(description));
  }
  return out;
}

std::vector<RawKey> GgufFile::raw_keys() const {
  constexpr std::uint64_t kArrayPrefix = sizeof(std::uint32_t) + sizeof(std::uint64_t);
  std::vector<RawKey> out;
  out.reserve(values_.size());
  for (const GgufValue& value : values_) {
    const std::uint64_t begin = value.begin - (value.type == GgufType::array ? kArrayPrefix : 0);
    out.push_back(
        {value.key, value.type, ConstByteSpan(header_).subspan(begin, value.end - begin)});
  }
  return out;
}

}  // namespace blue::models
