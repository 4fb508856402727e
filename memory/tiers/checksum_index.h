// ChecksumIndex: the CRC32C of every piece of a model's extents, kept in a file beside the model,
// so that also the first read of a block is checked. Format (little-endian): magic "BLUEIDX\0" ·
// version u32 · fingerprint u64 · piece size u64 · number of extents u64; then per extent, ordered
// by file and offset: file u32 · offset u64 · size u64 · a u32 for each of its pieces; at the end
// the CRC32C u32 of all before.
// Depends on base, memory/checksum, memory/tiers/block_catalog.h (piece size). Pure; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/span.h"
#include "base/units.h"
#include "memory/memory_error.h"
#include "memory/tiers/block_catalog.h"

namespace blue::memory {

/// A stretch of one of the model's files.
struct FileExtent {
  std::uint32_t file = 0;  ///< index into the model's files
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  friend auto operator<=>(const FileExtent&, const FileExtent&) = default;
  [[nodiscard]] std::uint64_t n_pieces() const { return (size + kPieceBytes - 1) / kPieceBytes; }
};

class ChecksumIndex {
 public:
  /// Of these extents (in order, no two the same), all checksums 0 until they are set.
  ChecksumIndex(std::uint64_t fingerprint, std::vector<FileExtent> extents);

  /// Reads an index; the bytes are untrusted: each count and size is checked before use.
  /// Errors: bad_index, naming `name` and what is wrong.
  /// Bound: allocates at most twice the bytes that are there.
  [[nodiscard]] static Result<ChecksumIndex> parse(ConstByteSpan bytes, std::string_view name);
  [[nodiscard]] std::vector<std::byte> encode() const;
  /// What encode() brings for these extents.
  [[nodiscard]] static Bytes encoded_size(std::span<const FileExtent> extents);

  /// Of the model's files (Model::fingerprint).
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }
  [[nodiscard]] std::span<const FileExtent> extents() const { return extents_; }
  /// Of all pieces of extents()[i].
  [[nodiscard]] std::span<const std::uint32_t> checksums(std::size_t i) const;
  [[nodiscard]] std::span<std::uint32_t> checksums(std::size_t i);
  /// Of all pieces of the extent; empty when the index lacks it.
  [[nodiscard]] std::span<const std::uint32_t> find(const FileExtent& extent) const;

 private:
  std::uint64_t fingerprint_;
  std::vector<FileExtent> extents_;
  std::vector<std::size_t> first_;  ///< into checksums_, by extent; one more at the end
  std::vector<std::uint32_t> checksums_;
};

}  // namespace blue::memory
