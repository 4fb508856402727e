// GgufParser: turns a prefix of a GGUF file into a GgufFile. Validates every field against the
// file's size; the input is untrusted. Depends on base, kernels/format.h. Used once, by one thread;
// borrows the header bytes until parse returns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "models/gguf/gguf_file.h"

namespace blue::models {

class GgufParser {
 public:
  GgufParser(ConstByteSpan header, std::uint64_t file_size, std::string name)
      : bytes_(header), file_size_(file_size), name_(std::move(name)) {}

  /// Called once. The file keeps a copy of its header's bytes.
  Result<GgufFile> parse();

  /// Did parse fail only because the file goes on where the given prefix ends?
  [[nodiscard]] bool wants_more() const { return wants_more_; }

 private:
  template <class T>
  Result<T> read(std::string_view what);
  Result<std::string_view> read_string(std::string_view what);
  Status skip(std::uint64_t size, std::string_view what);
  /// Are `count` things of at least `least` bytes each possible in the rest of the file?
  Status expect_room(std::uint64_t count, std::uint64_t least, std::string_view what);

  Status read_preamble(GgufFile& file);
  Status read_values(GgufFile& file);
  Result<GgufValue> read_value();
  Status skip_elements(GgufType element, std::uint64_t count, int depth);
  Result<GgufType> read_type(std::string_view what);
  Status read_alignment(GgufFile& file);
  Status read_tensors(GgufFile& file);
  Result<TensorInfo> read_tensor(const GgufFile& file);
  Status index_keys(GgufFile& file);
  Status index_tensors(GgufFile& file);
  void keep_header(GgufFile& file) const;

  [[nodiscard]] Error error(ModelsError code, const std::string& what) const;
  [[nodiscard]] Error ends_early(std::string_view what);

  ConstByteSpan bytes_;
  std::uint64_t file_size_;
  std::string name_;
  std::uint64_t at_ = 0;
  std::uint64_t n_tensors_ = 0;
  std::uint64_t n_values_ = 0;
  std::string_view last_key_;  ///< read so far: names the place in an error
  bool wants_more_ = false;
};

/// Resolves the sizes of `file`'s tensors and checks that they lie behind `data_begin`, inside the
/// file, apart from each other.
Status place_tensors(std::vector<TensorInfo>& tensors, std::uint64_t data_begin,
                     std::uint64_t file_size, const std::string& name);

/// `text` with what a terminal must not see replaced, cut to `limit` bytes.
std::string printable(std::string_view text, std::size_t limit);

}  // namespace blue::models
