// GgufHeaderWriter: the header of a GGUF v3 file that is to be written: keys, then tensors in the
// order of their data, each with the offset where its bytes will lie. Depends on base and
// models/gguf/gguf_file.h. A value; one thread. Copies what it is given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/gguf/gguf_file.h"

namespace blue::models {

class GgufHeaderWriter {
 public:
  /// `alignment`: of every tensor, from the file's begin; a power of two. A file that is aligned to
  /// anything but 32 needs the key general.alignment, which the caller copies.
  explicit GgufHeaderWriter(std::uint64_t alignment) : alignment_(alignment) {}

  /// A key as another file has it, byte for byte.
  void copy_key(const RawKey& key);
  void add_u32(std::string_view key, std::uint32_t value);

  /// A tensor of `size` bytes of the format with the number `type`. dims[0] is the values of a row,
  /// as in TensorInfo.
  void add_tensor(const TensorInfo& like, std::uint32_t type, std::uint64_t size);

  /// The header, padded to where the first tensor begins; without tensors it ends with the keys.
  [[nodiscard]] std::string bytes() const;
  /// Where tensor i begins, from the file's first byte; behind the last one, the whole file's size.
  [[nodiscard]] std::uint64_t tensor_begin(std::size_t i) const;

 private:
  struct Tensor {
    TensorInfo info;
    std::uint64_t data_offset = 0;
  };

  [[nodiscard]] std::uint64_t unpadded_size() const;

  std::uint64_t alignment_;
  std::uint64_t n_keys_ = 0;
  std::string keys_;
  std::uint64_t tensor_list_size_ = 0;
  std::vector<Tensor> tensors_;
  std::uint64_t data_size_ = 0;
};

}  // namespace blue::models
