// GgufFile: the header of a GGUF file (v2, v3, little-endian), or the headers of a model split over
// several: its keys and its tensor list, all checked against the files before use. Tensor bytes are
// never read here; they belong to blocks. Hostile input: every count, length, offset, nesting depth
// and alignment is checked before use; a file that contradicts itself is refused with one line
// naming file, byte and key or tensor. Memory: at most kAllocationFactor times the header's bytes
// (which are part of the file) plus 4 MiB. Depends on base, text and kernels/format.h. Immutable
// after construction; any thread. Views live as long as the GgufFile, also across a move of it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "models/gguf/gguf_value.h"
#include "models/models_error.h"
#include "text/tokenizer/metadata.h"

namespace blue::models {

struct TensorInfo {
  std::string name;
  std::array<std::uint64_t, 4> dims{1, 1, 1, 1};  ///< dims[0] = values per row
  std::uint32_t n_dims = 0;
  std::uint32_t type =
      0;  ///< GGUF type number; kernels::find_format(type) may be null: an error only on use
  std::uint32_t file = 0;         ///< index into GgufFile::parts()
  std::uint64_t file_offset = 0;  ///< absolute, from that file's first byte
  /// Bytes. Exact for a format this program knows; for another one, what lies before the next
  /// tensor or the file's end.
  std::uint64_t size = 0;
};

/// One file of a model.
struct GgufPart {
  std::string path;
  std::uint64_t size = 0;  ///< bytes
};

/// One key as text, for `blue inspect`.
struct KeyDescription {
  std::string_view key;
  std::string type;   ///< "u32", "string", "array of string"
  std::string value;  ///< one printable line, cut where long
};

/// One key as the file stores it, for a writer that copies it.
struct RawKey {
  std::string_view key;
  GgufType type = GgufType::u8;
  ConstByteSpan bytes;  ///< behind the type: of an array also its element type and count
};

class GgufFile final : public text::Metadata {
 public:
  /// Bytes allocated per byte of header, at most (arrays asked for through texts(), numbers() and
  /// integers() each add at most eight times their bytes in the file while the caller keeps them).
  static constexpr std::uint64_t kAllocationFactor = 16;
  /// A header longer than this is refused.
  static constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{1} << 30;

  /// Reads the header of the file at `path`; where that is a part of a split model (gguf_split.h),
  /// of all its parts, which lie beside it.
  static Result<GgufFile> open(const std::string& path);

  /// Reads the header of one file in growing steps, be it a part or a whole model.
  static Result<GgufFile> open_part(const std::string& path);

  /// One model of all its parts, in order: keys of the first, tensors of all.
  /// Errors: malformed (a part of another model or place, a tensor twice, a wrong number of
  /// tensors), naming the part.
  static Result<GgufFile> join(std::vector<GgufFile> parts);

  /// The core of open: `header` is a prefix of a file of `file_size` bytes that holds the whole
  /// header; `name` goes into error messages. Copies what it keeps.
  static Result<GgufFile> parse(ConstByteSpan header, std::uint64_t file_size, std::string name);

  GgufFile(GgufFile&&) noexcept = default;
  GgufFile& operator=(GgufFile&&) noexcept = default;
  GgufFile(const GgufFile&) = delete;
  GgufFile& operator=(const GgufFile&) = delete;

  /// Of the first part, which errors about keys name.
  [[nodiscard]] const std::string& path() const override { return parts_.front().path; }
  [[nodiscard]] std::uint32_t version() const { return version_; }
  [[nodiscard]] std::uint64_t alignment() const { return alignment_; }
  /// At least one; TensorInfo::file indexes them.
  [[nodiscard]] std::span<const GgufPart> parts() const { return parts_; }
  /// Bytes of all parts.
  [[nodiscard]] std::uint64_t file_size() const;

  [[nodiscard]] bool has(std::string_view key) const override { return find(key) != nullptr; }
  [[nodiscard]] std::string type_of(std::string_view key) const override;

  // Nothing when the key is absent or holds another type.
  /// Any integer type, not negative.
  [[nodiscard]] std::optional<std::uint64_t> unsigned_value(std::string_view key) const override;
  /// Any float or integer type.
  [[nodiscard]] std::optional<double> number(std::string_view key) const;
  /// A bool, or 0 or 1 of any integer type.
  [[nodiscard]] std::optional<bool> flag(std::string_view key) const override;
  [[nodiscard]] std::optional<std::string_view> text(std::string_view key) const override;
  [[nodiscard]] std::optional<std::vector<std::string_view>> texts(
      std::string_view key) const override;
  /// An array of any float or integer type.
  [[nodiscard]] std::optional<std::vector<float>> numbers(std::string_view key) const override;
  /// An array of any integer type or bool; nothing when a value does not fit.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(
      std::string_view key) const override;

  // The same, with missing_key naming file, key and what was found instead.
  [[nodiscard]] Result<std::uint64_t> require_unsigned(std::string_view key) const;
  [[nodiscard]] Result<double> require_number(std::string_view key) const;
  [[nodiscard]] Result<bool> require_flag(std::string_view key) const;
  [[nodiscard]] Result<std::string_view> require_text(std::string_view key) const;
  [[nodiscard]] Result<std::vector<std::string_view>> require_texts(std::string_view key) const;
  [[nodiscard]] Result<std::vector<float>> require_numbers(std::string_view key) const;
  [[nodiscard]] Result<std::vector<std::int64_t>> require_integers(std::string_view key) const;

  /// In file order.
  [[nodiscard]] std::span<const TensorInfo> tensors() const { return tensors_; }
  /// Null when there is none of that name.
  [[nodiscard]] const TensorInfo* find_tensor(std::string_view name) const;
  /// missing_tensor naming file and tensor when there is none.
  [[nodiscard]] Result<const TensorInfo*> require_tensor(std::string_view name) const;

  /// Every key in file order.
  [[nodiscard]] std::vector<KeyDescription> describe_keys() const;
  /// The same, as bytes.
  [[nodiscard]] std::vector<RawKey> raw_keys() const;

 private:
  friend class GgufParser;
  GgufFile() = default;

  [[nodiscard]] const GgufValue* find(std::string_view key) const;
  [[nodiscard]] Error absent(std::string_view key, std::string_view wanted) const;
  [[nodiscard]] ConstByteSpan payload(const GgufValue& value) const;
  /// Fills tensors_by_name_. Returns two tensors of one name, the one further ahead first, where
  /// there are any.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> index_tensors();

  std::vector<GgufPart> parts_;
  std::uint32_t version_ = 0;
  std::uint64_t alignment_ = 0;
  std::vector<std::byte> header_;             ///< keys and strings look into it
  std::vector<GgufValue> values_;             ///< file order
  std::vector<std::uint32_t> values_by_key_;  ///< indices into values_, sorted by key
  std::vector<TensorInfo> tensors_;           ///< file order
  std::vector<std::uint32_t> tensors_by_name_;
};

}  // namespace blue::models
