#include "models/gguf/gguf_header_writer.h"

#include "base/check.h"
#include "base/units.h"
#include "models/gguf/gguf_value.h"

namespace blue::models {
namespace {

constexpr std::uint32_t kVersion = 3;
/// Magic, version, number of tensors, number of keys.
constexpr std::uint64_t kPreambleBytes = 4 + 4 + 8 + 8;

template <class T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& out, std::string_view text) {
  append(out, std::uint64_t{text.size()});
  out += text;
}

}  // namespace

void GgufHeaderWriter::copy_key(const RawKey& key) {
  append_text(keys_, key.key);
  append(keys_, static_cast<std::uint32_t>(key.type));
  keys_.append(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size());
  ++n_keys_;
}

void GgufHeaderWriter::add_u32(std::string_view key, std::uint32_t value) {
  append_text(keys_, key);
  append(keys_, static_cast<std::uint32_t>(GgufType::u32));
  append(keys_, value);
  ++n_keys_;
}

void GgufHeaderWriter::add_tensor(const TensorInfo& like, std::uint32_t type, std::uint64_t size) {
  Tensor tensor{like, round_up(data_size_, alignment_)};
  tensor.info.type = type;
  tensor.info.size = size;
  data_size_ = tensor.data_offset + size;
  tensor_list_size_ += 8 + like.name.size() + 4 + 8 * std::uint64_t{like.n_dims} + 4 + 8;
  tensors_.push_back(std::move(tensor));
}

std::uint64_t GgufHeaderWriter::unpadded_size() const {
  return kPreambleBytes + keys_.size() + tensor_list_size_;
}

std::string GgufHeaderWriter::bytes() const {
  std::string out;
  append(out, kGgufMagic);
  append(out, kVersion);
  append(out, std::uint64_t{tensors_.size()});
  append(out, n_keys_);
  out += keys_;
  for (const Tensor& tensor : tensors_) {
    append_text(out, tensor.info.name);
    append(out, tensor.info.n_dims);
    for (std::uint32_t i = 0; i < tensor.info.n_dims; ++i) append(out, tensor.info.dims[i]);
    append(out, tensor.info.type);
    append(out, tensor.data_offset);
  }
  BLUE_CHECK(out.size() == unpadded_size());
  if (!tensors_.empty()) out.resize(round_up(out.size(), alignment_), '\0');
  return out;
}

std::uint64_t GgufHeaderWriter::tensor_begin(std::size_t i) const {
  BLUE_CHECK(i <= tensors_.size());
  if (tensors_.empty()) return unpadded_size();
  const std::uint64_t data_begin = round_up(unpadded_size(), alignment_);
  return data_begin + (i < tensors_.size() ? tensors_[i].data_offset : data_size_);
}

}  // namespace blue::models
