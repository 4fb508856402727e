#include "models/gguf/gguf_file.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/gguf/gguf_parser.h"

namespace blue::models {
namespace {

/// One integer of any width at `offset`; nothing when it is of no integer type or does not fit.
std::optional<std::int64_t> load_integer(ConstByteSpan bytes, GgufType type, std::uint64_t offset) {
  switch (type) {
    case GgufType::u8:
    case GgufType::boolean: return load_at<std::uint8_t>(bytes, offset);
    case GgufType::i8: return load_at<std::int8_t>(bytes, offset);
    case GgufType::u16: return load_at<std::uint16_t>(bytes, offset);
    case GgufType::i16: return load_at<std::int16_t>(bytes, offset);
    case GgufType::u32: return load_at<std::uint32_t>(bytes, offset);
    case GgufType::i32: return load_at<std::int32_t>(bytes, offset);
    case GgufType::i64: return load_at<std::int64_t>(bytes, offset);
    case GgufType::u64: {
      const std::optional<std::uint64_t> value = load_at<std::uint64_t>(bytes, offset);
      if (!value || *value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
      return static_cast<std::int64_t>(*value);
    }
    case GgufType::f32:
    case GgufType::f64:
    case GgufType::string:
    case GgufType::array: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<double> load_number(ConstByteSpan bytes, GgufType type, std::uint64_t offset) {
  switch (type) {
    case GgufType::f32: return load_at<float>(bytes, offset);
    case GgufType::f64: return load_at<double>(bytes, offset);
    case GgufType::u64: {
      const std::optional<std::uint64_t> value = load_at<std::uint64_t>(bytes, offset);
      if (!value) return std::nullopt;
      return static_cast<double>(*value);
    }
    case GgufType::boolean: return std::nullopt;
    default: break;
  }
  const std::optional<std::int64_t> value = load_integer(bytes, type, offset);
  if (!value) return std::nullopt;
  return static_cast<double>(*value);
}

std::string_view load_string(ConstByteSpan bytes, std::uint64_t offset) {
  const std::uint64_t size = load_at<std::uint64_t>(bytes, offset).value_or(0);
  return {reinterpret_cast<const char*>(bytes.data()) + offset + sizeof size, size};
}

}  // namespace

Result<GgufFile> GgufFile::parse(ConstByteSpan header, std::uint64_t file_size, std::string name) {
  BLUE_CHECK(header.size() <= file_size, "a header longer than its file");
  return GgufParser(header, file_size, std::move(name)).parse();
}

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto at = std::lower_bound(
      values_by_key_.begin(), values_by_key_.end(), key,
      [&](std::uint32_t i, std::string_view wanted) { return values_[i].key < wanted; });
  if (at == values_by_key_.end() || values_[*at].key != key) return nullptr;
  return &values_[*at];
}

ConstByteSpan GgufFile::payload(const GgufValue& value) const {
  return ConstByteSpan(header_).subspan(value.begin, value.end - value.begin);
}

std::optional<std::uint64_t> GgufFile::unsigned_value(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr || value->type == GgufType::boolean) return std::nullopt;
  if (value->type == GgufType::u64) return load_at<std::uint64_t>(payload(*value), 0);
  const std::optional<std::int64_t> number = load_integer(payload(*value), value->type, 0);
  if (!number || *number < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::optional<double> GgufFile::number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  return load_number(payload(*value), value->type, 0);
}

std::optional<bool> GgufFile::flag(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const std::optional<std::int64_t> number = load_integer(payload(*value), value->type, 0);
  if (!number || (value->type != GgufType::boolean && (*number < 0 || *number > 1)))
    return std::nullopt;
  return *number != 0;
}

std::optional<std::string_view> GgufFile::text(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr || value->type != GgufType::string) return std::nullopt;
  return load_string(payload(*value), 0);
}

std::optional<std::vector<std::string_view>> GgufFile::texts(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr || value->type != GgufType::array || value->element != GgufType::string)
    return std::nullopt;
  const ConstByteSpan bytes = payload(*value);
  std::vector<std::string_view> out;
  out.reserve(value->count);
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < value->count; ++i) {
    out.push_back(load_string(bytes, at));
    at += sizeof(std::uint64_t) + out.back().size();
  }
  return out;
}

std::optional<std::vector<float>> GgufFile::numbers(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr || value->type != GgufType::array) return std::nullopt;
  const std::uint32_t size = fixed_size(value->element);
  if (size == 0 || value->element == GgufType::boolean) return std::nullopt;
  const ConstByteSpan bytes = payload(*value);
  std::vector<float> out(value->count);
  for (std::uint64_t i = 0; i < value->count; ++i) {
    out[i] = static_cast<float>(load_number(bytes, value->element, i * size).value_or(NAN));
  }
  return out;
}

std::optional<std::vector<std::int64_t>> GgufFile::integers(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr || value->type != GgufType::array) return std::nullopt;
  const std::uint32_t size = fixed_size(value->element);
  if (size == 0) return std::nullopt;
  const ConstByteSpan bytes = payload(*value);
  std::vector<std::int64_t> out(value->count);
  for (std::uint64_t i = 0; i < value->count; ++i) {
    const std::optional<std::int64_t> number = load_integer(bytes, value->element, i * size);
    if (!number) return std::nullopt;
    out[i] = *number;
  }
  return out;
}

std::string GgufFile::type_of(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return {};
  std::string type(name_of(value->type));
  if (value->type == GgufType::array) type += " of " + std::string(name_of(value->element));
  return type;
}

Error GgufFile::absent(std::string_view key, std::string_view wanted) const {
  const GgufValue* value = find(key);
  const std::string what = path() + ": key \"" + std::string(key) + "\" ";
  if (value == nullptr) {
    return Error(ModelsError::missing_key, what + "is missing (wanted: " + std::string(wanted) +
                                               "); convert the model again");
  }
  return Error(ModelsError::missing_key, what + "holds a value of type " + type_of(key) +
                                             " that is not " + std::string(wanted) +
                                             "; convert the model again");
}

namespace {

/// The value, or `make_error()`.
template <class T, class MakeError>
Result<T> or_error(std::optional<T> value, MakeError make_error) {
  if (!value) return make_error();
  return *std::move(value);
}

}  // namespace

Result<std::uint64_t> GgufFile::require_unsigned(std::string_view key) const {
  return or_error(unsigned_value(key), [&] { return absent(key, "an integer, not negative"); });
}
Result<double> GgufFile::require_number(std::string_view key) const {
  return or_error(number(key), [&] { return absent(key, "a number"); });
}
Result<bool> GgufFile::require_flag(std::string_view key) const {
  return or_error(flag(key), [&] { return absent(key, "a bool"); });
}
Result<std::string_view> GgufFile::require_text(std::string_view key) const {
  return or_error(text(key), [&] { return absent(key, "a string"); });
}
Result<std::vector<std::string_view>> GgufFile::require_texts(std::string_view key) const {
  return or_error(texts(key), [&] { return absent(key, "an array of strings"); });
}
Result<std::vector<float>> GgufFile::require_numbers(std::string_view key) const {
  return or_error(numbers(key), [&] { return absent(key, "an array of numbers"); });
}
Result<std::vector<std::int64_t>> GgufFile::require_integers(std::string_view key) const {
  return or_error(integers(key), [&] { return absent(key, "an array of integers"); });
}

std::uint64_t GgufFile::file_size() const {
  std::uint64_t size = 0;
  for (const GgufPart& part : parts_) size += part.size;
  return size;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> GgufFile::index_tensors() {
  std::vector<std::uint32_t>& order = tensors_by_name_;
  order.resize(tensors_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const int by_name = tensors_[a].name.compare(tensors_[b].name);
    return by_name != 0 ? by_name < 0 : a < b;
  });
  const auto twice = std::adjacent_find(
      order.begin(), order.end(),
      [&](std::uint32_t a, std::uint32_t b) { return tensors_[a].name == tensors_[b].name; });
  if (twice == order.end()) return std::nullopt;
  return std::pair(*twice, *(twice + 1));
}

const TensorInfo* GgufFile::find_tensor(std::string_view name) const {
  const auto at = std::lower_bound(
      tensors_by_name_.begin(), tensors_by_name_.end(), name,
      [&](std::uint32_t i, std::string_view wanted) { return tensors_[i].name < wanted; });
  if (at == tensors_by_name_.end() || tensors_[*at].name != name) return nullptr;
  return &tensors_[*at];
}

Result<const TensorInfo*> GgufFile::require_tensor(std::string_view name) const {
  if (const TensorInfo* tensor = find_tensor(name)) return tensor;
  return Error(ModelsError::missing_tensor,
               path() + ": tensor \"" + std::string(name) +
                   "\" is missing; replace the file or convert the model again");
}

}  // namespace blue::models
