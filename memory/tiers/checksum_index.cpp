#include "memory/tiers/checksum_index.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"
#include "memory/checksum.h"

namespace blue::memory {
namespace {

constexpr std::array<char, 8> kIndexMagic = {'B', 'L', 'U', 'E', 'I', 'D', 'X', '\0'};
constexpr std::uint32_t kIndexVersion = 1;
constexpr std::size_t kIndexHeaderBytes = 36;
constexpr std::size_t kExtentBytes = 20;
constexpr std::size_t kCrcBytes = 4;

Error bad_index(std::string_view name, const std::string& why) {
  return Error(MemoryError::bad_index, std::string(name) + ": " + why + "; run blue index again");
}

template <class T>
void append(std::vector<std::byte>& bytes, const T& value) {
  const ConstByteSpan raw = std::as_bytes(std::span(&value, 1));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

/// A cursor over bytes whose rest was found long enough.
struct IndexCursor {
  ConstByteSpan rest;

  template <class T>
  T take() {
    T value{};
    std::memcpy(&value, rest.data(), sizeof(T));
    rest = rest.subspan(sizeof(T));
    return value;
  }
};

}  // namespace

ChecksumIndex::ChecksumIndex(std::uint64_t fingerprint, std::vector<FileExtent> extents)
    : fingerprint_(fingerprint), extents_(std::move(extents)) {
  first_.reserve(extents_.size() + 1);
  std::size_t n = 0;
  for (const FileExtent& extent : extents_) {
    first_.push_back(n);
    n += extent.n_pieces();
  }
  first_.push_back(n);
  checksums_.resize(n);
}

std::span<const std::uint32_t> ChecksumIndex::checksums(std::size_t i) const {
  return std::span(checksums_).subspan(first_.at(i), first_.at(i + 1) - first_[i]);
}

std::span<std::uint32_t> ChecksumIndex::checksums(std::size_t i) {
  return std::span(checksums_).subspan(first_.at(i), first_.at(i + 1) - first_[i]);
}

std::span<const std::uint32_t> ChecksumIndex::find(const FileExtent& extent) const {
  const auto found = std::ranges::lower_bound(extents_, extent);
  if (found == extents_.end() || *found != extent) return {};
  return checksums(static_cast<std::size_t>(found - extents_.begin()));
}

Bytes ChecksumIndex::encoded_size(std::span<const FileExtent> extents) {
  std::uint64_t size = kIndexHeaderBytes + kCrcBytes;
  for (const FileExtent& extent : extents) size += kExtentBytes + kCrcBytes * extent.n_pieces();
  return Bytes{size};
}

std::vector<std::byte> ChecksumIndex::encode() const {
  std::vector<std::byte> bytes;
  bytes.reserve(encoded_size(extents_).count);
  append(bytes, kIndexMagic);
  append(bytes, kIndexVersion);
  append(bytes, fingerprint_);
  append(bytes, kPieceBytes);
  append(bytes, std::uint64_t{extents_.size()});
  for (std::size_t i = 0; i < extents_.size(); ++i) {
    append(bytes, extents_[i].file);
    append(bytes, extents_[i].offset);
    append(bytes, extents_[i].size);
    const auto of_pieces = std::as_bytes(checksums(i));
    bytes.insert(bytes.end(), of_pieces.begin(), of_pieces.end());
  }
  append(bytes, crc32c(bytes));
  return bytes;
}

Result<ChecksumIndex> ChecksumIndex::parse(ConstByteSpan bytes, std::string_view name) {
  if (bytes.size() < kIndexHeaderBytes + kCrcBytes ||
      std::memcmp(bytes.data(), kIndexMagic.data(), kIndexMagic.size()) != 0)
    return bad_index(name, "is no checksum index");
  IndexCursor cursor{bytes.subspan(kIndexMagic.size())};
  if (const auto version = cursor.take<std::uint32_t>(); version != kIndexVersion)
    return bad_index(name, "is a checksum index of version " + std::to_string(version) +
                               ", this program reads version " + std::to_string(kIndexVersion));
  IndexCursor end{bytes.last(kCrcBytes)};
  if (crc32c(bytes.first(bytes.size() - kCrcBytes)) != end.take<std::uint32_t>())
    return bad_index(name, "is damaged (its own checksum is wrong)");
  cursor.rest = cursor.rest.first(cursor.rest.size() - kCrcBytes);
  const auto fingerprint = cursor.take<std::uint64_t>();
  if (cursor.take<std::uint64_t>() != kPieceBytes)
    return bad_index(name, "has pieces of another size");
  const auto n_extents = cursor.take<std::uint64_t>();
  if (n_extents > cursor.rest.size() / kExtentBytes)
    return bad_index(name, "names more extents than it has bytes for");
  std::vector<FileExtent> extents;
  extents.reserve(n_extents);
  std::vector<std::uint32_t> checksums;
  checksums.reserve((cursor.rest.size() - n_extents * kExtentBytes) / kCrcBytes);
  for (std::uint64_t i = 0; i < n_extents; ++i) {
    if (cursor.rest.size() < kExtentBytes) return bad_index(name, "ends inside an extent");
    FileExtent extent;
    extent.file = cursor.take<std::uint32_t>();
    extent.offset = cursor.take<std::uint64_t>();
    extent.size = cursor.take<std::uint64_t>();
    if (extent.size > UINT64_MAX - kPieceBytes ||
        extent.n_pieces() > cursor.rest.size() / kCrcBytes)
      return bad_index(name, "ends inside an extent");
    if (!extents.empty() && !(extents.back() < extent))
      return bad_index(name, "has its extents out of order");
    extents.push_back(extent);
    for (std::uint64_t n = extent.n_pieces(); n > 0; --n)
      checksums.push_back(cursor.take<std::uint32_t>());
  }
  if (!cursor.rest.empty()) return bad_index(name, "goes on behind its last extent");
  ChecksumIndex index(fingerprint, std::move(extents));
  BLUE_CHECK(index.checksums_.size() == checksums.size());
  index.checksums_ = std::move(checksums);
  return index;
}

}  // namespace blue::memory
