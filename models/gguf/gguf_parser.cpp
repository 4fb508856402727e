#include "models/gguf/gguf_parser.h"

#include <algorithm>
#include <numeric>

#include "base/units.h"
#include "models/models_error.h"

namespace blue::models {
namespace {

constexpr std::uint64_t kDefaultAlignment = 32;
constexpr int kMaxNesting = 4;
// The least a key and a tensor take in the file: an empty name, the smallest payload.
constexpr std::uint64_t kLeastValueBytes = 8 + 4 + 1;
constexpr std::uint64_t kLeastTensorBytes = 8 + 4 + 4 + 8;

}  // namespace

Error GgufParser::error(ModelsError code, const std::string& what) const {
  std::string place = name_ + ": at byte " + std::to_string(at_);
  if (!last_key_.empty()) place += ", behind key \"" + printable(last_key_, kNameShown) + "\"";
  return Error(code, place + ": " + what);
}

Error GgufParser::ends_early(std::string_view what) {
  if (bytes_.size() < file_size_) {
    wants_more_ = true;
    return error(ModelsError::truncated,
                 std::string(what) + " lies beyond the bytes of the header that were read");
  }
  return error(ModelsError::truncated, "the file ends (" + std::to_string(file_size_) +
                                           " bytes) inside " + std::string(what) +
                                           "; download it again");
}

template <class T>
Result<T> GgufParser::read(std::string_view what) {
  const std::optional<T> value = load_at<T>(bytes_, at_);
  if (!value) return ends_early(what);
  at_ += sizeof(T);
  return *value;
}

Status GgufParser::expect_room(std::uint64_t count, std::uint64_t least, std::string_view what) {
  if (count > (file_size_ - at_) / least) {
    return error(ModelsError::truncated,
                 std::to_string(count) + " " + std::string(what) + " do not fit into a file of " +
                     std::to_string(file_size_) + " bytes; the file is damaged or cut short");
  }
  return {};
}

Status GgufParser::skip(std::uint64_t size, std::string_view what) {
  BLUE_TRY(expect_room(size, 1, std::string("bytes of ") + std::string(what)));
  if (size > bytes_.size() - at_) return ends_early(what);
  at_ += size;
  return {};
}

Result<std::string_view> GgufParser::read_string(std::string_view what) {
  BLUE_TRY_ASSIGN(const std::uint64_t size, read<std::uint64_t>(what));
  const std::uint64_t begin = at_;
  BLUE_TRY(skip(size, what));
  return std::string_view(reinterpret_cast<const char*>(bytes_.data()) + begin, size);
}

Result<GgufFile> GgufParser::parse() {
  GgufFile file;
  file.parts_.push_back({name_, file_size_});
  BLUE_TRY(read_preamble(file));
  BLUE_TRY(read_values(file));
  BLUE_TRY(index_keys(file));
  BLUE_TRY(read_alignment(file));
  BLUE_TRY(read_tensors(file));
  BLUE_TRY(index_tensors(file));
  keep_header(file);
  return file;
}

Status GgufParser::read_preamble(GgufFile& file) {
  if (file_size_ == 0)
    return Error(ModelsError::truncated, name_ + ": the file is empty; download it again");
  BLUE_TRY_ASSIGN(const std::uint32_t magic, read<std::uint32_t>("the magic number"));
  if (magic != kGgufMagic) {
    at_ = 0;
    return error(ModelsError::bad_magic,
                 "not a GGUF file (it does not begin with \"GGUF\"); name a .gguf file");
  }
  BLUE_TRY_ASSIGN(file.version_, read<std::uint32_t>("the version"));
  if ((file.version_ & 0xffffU) == 0 && file.version_ != 0) {
    return error(ModelsError::unsupported_version,
                 "a big-endian GGUF file; convert the model to little-endian");
  }
  if (file.version_ != 2 && file.version_ != 3) {
    return error(ModelsError::unsupported_version,
                 "GGUF version " + std::to_string(file.version_) +
                     " is not supported (2 and 3 are); convert the model again");
  }
  BLUE_TRY_ASSIGN(n_tensors_, read<std::uint64_t>("the number of tensors"));
  BLUE_TRY_ASSIGN(n_values_, read<std::uint64_t>("the number of keys"));
  BLUE_TRY(expect_room(n_values_, kLeastValueBytes, "keys"));
  return expect_room(n_tensors_, kLeastTensorBytes, "tensors");
}

Result<GgufType> GgufParser::read_type(std::string_view what) {
  BLUE_TRY_ASSIGN(const std::uint32_t number, read<std::uint32_t>(what));
  if (number > static_cast<std::uint32_t>(GgufType::f64)) {
    at_ -= sizeof number;
    return error(ModelsError::malformed, std::string(what) + " is " + std::to_string(number) +
                                             ", which no GGUF version knows");
  }
  return static_cast<GgufType>(number);
}

Status GgufParser::skip_elements(GgufType element, std::uint64_t count, int depth) {
  if (const std::uint32_t size = fixed_size(element); size > 0) {
    BLUE_TRY(expect_room(count, size, "array elements"));
    return skip(count * size, "an array");
  }
  if (element == GgufType::string) {
    BLUE_TRY(expect_room(count, sizeof(std::uint64_t), "strings of an array"));
    for (std::uint64_t i = 0; i < count; ++i) BLUE_TRY(read_string("a string of an array"));
    return {};
  }
  if (depth >= kMaxNesting) {
    return error(ModelsError::malformed,
                 "arrays nested deeper than " + std::to_string(kMaxNesting));
  }
  BLUE_TRY(expect_room(count, sizeof(std::uint32_t) + sizeof(std::uint64_t), "arrays of an array"));
  for (std::uint64_t i = 0; i < count; ++i) {
    BLUE_TRY_ASSIGN(const GgufType inner, read_type("an inner array's type"));
    BLUE_TRY_ASSIGN(const std::uint64_t inner_count,
                    read<std::uint64_t>("an inner array's length"));
    BLUE_TRY(skip_elements(inner, inner_count, depth + 1));
  }
  return {};
}

Result<GgufValue> GgufParser::read_value() {
  GgufValue value;
  BLUE_TRY_ASSIGN(value.key, read_string("a key"));
  BLUE_TRY_ASSIGN(value.type, read_type("a key's type"));
  if (value.type == GgufType::array) {
    BLUE_TRY_ASSIGN(value.element, read_type("an array's type"));
    BLUE_TRY_ASSIGN(value.count, read<std::uint64_t>("an array's length"));
    value.begin = at_;
    BLUE_TRY(skip_elements(value.element, value.count, 1));
  } else {
    value.begin = at_;
    BLUE_TRY(skip_elements(value.type, 1, 1));
  }
  value.end = at_;
  return value;
}

Status GgufParser::read_values(GgufFile& file) {
  file.values_.reserve(std::min(n_values_, bytes_.size() / kLeastValueBytes));
  for (std::uint64_t i = 0; i < n_values_; ++i) {
    BLUE_TRY_ASSIGN(const GgufValue value, read_value());
    file.values_.push_back(value);
    last_key_ = value.key;
  }
  last_key_ = {};
  return {};
}

Status GgufParser::index_keys(GgufFile& file) {
  const std::vector<GgufValue>& values = file.values_;
  std::vector<std::uint32_t>& order = file.values_by_key_;
  order.resize(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return values[a].key < values[b].key; });
  const auto twice = std::adjacent_find(
      order.begin(), order.end(),
      [&](std::uint32_t a, std::uint32_t b) { return values[a].key == values[b].key; });
  if (twice == order.end()) return {};
  return error(ModelsError::malformed, "key \"" + printable(values[*twice].key, kNameShown) +
                                           "\" stands in the file twice");
}

Status GgufParser::read_alignment(GgufFile& file) {
  file.alignment_ = kDefaultAlignment;
  const GgufValue* value = file.find("general.alignment");
  if (value == nullptr) return {};
  const std::optional<std::uint32_t> alignment = load_at<std::uint32_t>(bytes_, value->begin);
  if (value->type != GgufType::u32 || !alignment || !std::has_single_bit(*alignment)) {
    return error(ModelsError::malformed,
                 "key \"general.alignment\" must be a u32 that is a power of two");
  }
  file.alignment_ = *alignment;
  return {};
}

Result<TensorInfo> GgufParser::read_tensor(const GgufFile& file) {
  TensorInfo tensor;
  BLUE_TRY_ASSIGN(const std::string_view name, read_string("a tensor's name"));
  tensor.name = name;
  BLUE_TRY_ASSIGN(tensor.n_dims, read<std::uint32_t>("a tensor's number of dims"));
  const std::string shown = "tensor \"" + printable(name, kNameShown) + "\"";
  if (tensor.n_dims > tensor.dims.size()) {
    return error(ModelsError::bad_shape,
                 shown + " has " + std::to_string(tensor.n_dims) + " dims, more than 4");
  }
  std::uint64_t n_values = 1;
  for (std::uint32_t i = 0; i < tensor.n_dims; ++i) {
    BLUE_TRY_ASSIGN(tensor.dims[i], read<std::uint64_t>("a tensor's dims"));
    if (tensor.dims[i] == 0) return error(ModelsError::bad_shape, shown + " has a dim of 0");
    // No format takes less than an eighth of a bit per value; this also keeps every later product
    // within 64 bits.
    if (tensor.dims[i] > (std::uint64_t{1} << 60) / n_values) {
      return error(ModelsError::bad_shape, shown + " has dims whose product is beyond any file");
    }
    n_values *= tensor.dims[i];
  }
  BLUE_TRY_ASSIGN(tensor.type, read<std::uint32_t>("a tensor's type"));
  BLUE_TRY_ASSIGN(tensor.file_offset, read<std::uint64_t>("a tensor's offset"));
  if (tensor.file_offset % file.alignment_ != 0) {
    return error(ModelsError::malformed,
                 shown + " lies at data offset " + std::to_string(tensor.file_offset) +
                     ", no multiple of the file's alignment " + std::to_string(file.alignment_));
  }
  return tensor;
}

Status GgufParser::read_tensors(GgufFile& file) {
  file.tensors_.reserve(std::min(n_tensors_, bytes_.size() / kLeastTensorBytes));
  for (std::uint64_t i = 0; i < n_tensors_; ++i) {
    BLUE_TRY_ASSIGN(TensorInfo tensor, read_tensor(file));
    file.tensors_.push_back(std::move(tensor));
  }
  if (n_tensors_ == 0) return {};  // a vocabulary alone: no data section, no padding before it
  const std::uint64_t data_begin = round_up(at_, file.alignment_);
  if (data_begin > file_size_) {
    return error(ModelsError::truncated, "the file ends before its tensor data at byte " +
                                             std::to_string(data_begin) + "; download it again");
  }
  return place_tensors(file.tensors_, data_begin, file_size_, name_);
}

Status GgufParser::index_tensors(GgufFile& file) {
  const auto twice = file.index_tensors();
  if (!twice) return {};
  return error(ModelsError::malformed, "tensor \"" +
                                           printable(file.tensors_[twice->first].name, kNameShown) +
                                           "\" stands in the file twice");
}

void GgufParser::keep_header(GgufFile& file) const {
  file.header_.assign(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
  const char* from = reinterpret_cast<const char*>(bytes_.data());
  const char* to = reinterpret_cast<const char*>(file.header_.data());
  for (GgufValue& value : file.values_)
    value.key = {to + (value.key.data() - from), value.key.size()};
}

}  // namespace blue::models
